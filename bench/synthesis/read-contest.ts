import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Finding, Severity } from '../../src/core/contract/findings.ts'

/** A public audit contest: the repository in which its judges sorted the auditors' submissions. */
export interface Contest {
  /** `https://github.com/OWNER/NAME`. */
  repository: string
  commit: string
}

/** One submission of one auditor. */
export interface Submission {
  path: string
  author: string
  /** As written, without the author's name. */
  text: string
  /** Parsed from its sections, as a task that reports findings would report it. */
  finding: Finding
  /** The judges' group of duplicates; undefined if it is in none. */
  group: string | undefined
  /** The judges' severity; undefined if they rejected it. */
  accepted: Severity | undefined
}

interface Link {
  owner: string
  repository: string
  file: string
  line: number | undefined
}

/** The folder made by `git clone`, or by `git clone --bare`. */
export function cloneOf({ repository }: Contest, folder: string): string | undefined {
  const clone = join(folder, basename(repository))
  return [clone, `${clone}.git`].find((path) => existsSync(path))
}

/**
 * All submissions, in the order of their paths.
 *
 * @throws If the clone does not contain the commit.
 */
export function readContest(contest: Contest, clone: string): Submission[] {
  const { commit } = contest
  const paths = git(clone, ['ls-tree', '-r', '--name-only', '-z', commit])
    .toString()
    .split('\0')
    .filter((path) => /^[^.].*\/\d+[^/]*\.md$/.test(path))
  const [readme = '', ...texts] = readFiles(clone, commit, ['README.md', ...paths])
  const report = acceptedIn(readme)
  const accepted = new Map<string, Severity>()
  for (const path of paths) {
    const severity = report.get(numberOf(path)) ?? report.get(path.split('/')[0] ?? '')
    if (severity !== undefined) accepted.set(groupOf(path) ?? path, severity)
  }
  const links = texts.map(linksIn)
  const audited = auditedBy(contest, links)
  const files = new Set(
    links
      .flat()
      .filter(audited)
      .map(({ file }) => file),
  )
  return paths.map((path, index) => {
    const text = texts[index] ?? ''
    const group = groupOf(path)
    const [author = '', ...rest] = text.split('\n')
    return {
      path,
      author: author.trim(),
      text: rest.join('\n'),
      finding: findingIn(path, rest, placeIn(text, audited, files)),
      group,
      accepted: accepted.get(group ?? path),
    }
  })
}

function git(clone: string, args: string[], input?: string): Buffer {
  return execFileSync('git', ['-C', clone, ...args], {
    maxBuffer: 2 ** 29,
    ...(input === undefined ? {} : { input }),
  })
}

function readFiles(clone: string, commit: string, paths: readonly string[]): string[] {
  const asked = `${paths.map((path) => `${commit}:${path}`).join('\n')}\n`
  const answer = git(clone, ['cat-file', '--batch'], asked)
  let at = 0
  return paths.map((path) => {
    const end = answer.indexOf('\n', at)
    const [, type, size] = answer.toString('utf8', at, end).split(' ')
    if (type !== 'blob') throw new Error(`${clone} has no ${path} at ${commit}`)
    at = end + 1 + Number(size) + 1
    return answer.toString('utf8', end + 1, at - 1).replaceAll('\r', '')
  })
}

/** Severities, keyed by the submission number or folder name that the report cites. */
function acceptedIn(readme: string): Map<string, Severity> {
  const issues = readme.matchAll(/^# Issue ([HM])-\d+: .*\n\s*Source: \S*\/(\S+)/gm)
  return new Map(
    [...issues].map(([, letter, source = '']) => [source, letter === 'H' ? 'high' : 'medium']),
  )
}

const SEVERITIES: Record<string, Severity> = { H: 'high', M: 'medium', L: 'low' }

function numberOf(path: string): string {
  return `${Number(/^\d+/.exec(basename(path))?.[0])}`
}

/** A folder is a group; files directly in `invalid/` or `false/` are in none. */
function groupOf(path: string): string | undefined {
  const folders = path.split('/').slice(0, -1)
  return folders.length > 1 || /^\d+-[HM]$/.test(folders[0] ?? '') ? folders.join('/') : undefined
}

/**
 * Recognises the audited code as opposed to libraries: the contest owner's, or linked by one
 * submission in twenty.
 */
function auditedBy({ repository }: Contest, links: readonly Link[][]): (link: Link) => boolean {
  const counts = new Map<string, number>()
  for (const each of links)
    for (const name of new Set(each.map((link) => link.repository)))
      counts.set(name, (counts.get(name) ?? 0) + 1)
  const [, owner] = /github\.com\/([^/]+)/.exec(repository) ?? []
  return (link) => link.owner === owner || (counts.get(link.repository) ?? 0) >= 0.05 * links.length
}

function linksIn(text: string): Link[] {
  const pattern =
    /github\.com\/([\w.-]+)\/([\w.-]+)\/(?:blob|tree)\/[^\s)#\]]*?([\w-]+\.(?:sol|vy|rs|go|ts|js))\b(?:#L(\d+))?/g
  return [...text.matchAll(pattern)].map(([, owner = '', name = '', file = '', line]) => ({
    owner,
    repository: `${owner}/${name}`,
    // Without its folder: auditors link to forks with different folders.
    file,
    line: line === undefined ? undefined : Number(line),
  }))
}

/**
 * The place in the code that the submission shows, otherwise the first one that it links or names.
 */
function placeIn(
  text: string,
  isAudited: (link: Link) => boolean,
  files: ReadonlySet<string>,
): Pick<Finding, 'file' | 'line'> {
  const snippet = text.indexOf('## Code Snippet')
  const links = [...linksIn(snippet < 0 ? '' : text.slice(snippet)), ...linksIn(text)]
  const inCode = links.filter(isAudited)
  const link = inCode.find(({ line }) => line !== undefined) ?? inCode[0]
  const names = text.matchAll(/[\w-]+\.(?:sol|vy|rs|go|ts|js)\b/g)
  const file = link?.file ?? [...names].find(([name]) => files.has(name))?.[0]
  return {
    ...(file === undefined ? {} : { file }),
    ...(link?.line === undefined ? {} : { line: link.line }),
  }
}

function findingIn(
  path: string,
  lines: readonly string[],
  place: Pick<Finding, 'file' | 'line'>,
): Finding {
  const heading = lines.findIndex((line) => /^#\s+\S/.test(line))
  const title = (lines[heading] ?? '').replace(/^#\s+/, '').trim()
  const alone = lines.slice(0, 8).find((line) => /^\s*(?:high|medium|low)\s*$/i.test(line))
  const suffix = /-([hml])\b/i.exec(basename(path))?.[1]?.toUpperCase() ?? ''
  const { detail, advice } = sectionsOf(lines.slice(heading + 1))
  return {
    title: (title || basename(path)).slice(0, 300),
    severity: (alone?.trim().toLowerCase() as Severity | undefined) ?? SEVERITIES[suffix] ?? 'low',
    confidence: 0.5,
    ...place,
    detail: detail || title,
    ...(advice === '' ? {} : { recommendation: advice }),
  }
}

function sectionsOf(lines: readonly string[]): { detail: string; advice: string } {
  const parts: Record<'detail' | 'advice' | 'left', string[]> = { detail: [], advice: [], left: [] }
  let part: keyof typeof parts = 'detail'
  let fenced = false
  for (const line of lines) {
    if (/^\s*(?:```|~~~)/.test(line)) fenced = !fenced
    const name = fenced ? undefined : /^#{1,5}\s+(.*)/.exec(line)?.[1]
    if (name === undefined) {
      if (line.trim() !== '_No response_') parts[part].push(line)
    } else if (/recommend|mitigat|suggest|remed|\bfix\b/i.test(name)) part = 'advice'
    else if (/snippet|tools? used|\bpoc\b|proof of concept|^references?/i.test(name)) part = 'left'
    else if (part === 'left' || /summary|detail|descr|impact|cause|condition|path/i.test(name))
      part = 'detail'
  }
  return { detail: parts.detail.join('\n').trim(), advice: parts.advice.join('\n').trim() }
}
