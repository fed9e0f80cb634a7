import { openFolder } from './open-inside.ts'
import { cutLine, fitLines } from './output-budget.ts'
import { Refusal } from './refusal.ts'
import { runRipgrep } from './ripgrep.ts'
import { linesOf, MAX_FILE_BYTES, readTextFile } from './text-file.ts'
import { partsOf } from './workspace-path.ts'

const MAX_PATHS = 1_000
const MAX_MATCHES = 200
const MAX_MATCHES_OF_FILE = 50
const MAX_PATTERN_CHARS = 1_000

interface Place {
  path: string
  line: number
}

/**
 * Paths of the files that match, in order. Links are neither followed nor named: each path is
 * checked again as it is opened, because the search itself could be raced.
 */
export async function findFiles(
  root: string,
  { pattern, path = '.' }: { pattern: string; path?: string | undefined },
  signal: AbortSignal,
): Promise<string> {
  const folder = await plainFolder(root, path)
  const found: string[] = []
  const args = ['--files', ...globs(pattern), '--', ...(folder === '' ? [] : [`./${folder}`])]
  const isWhole = await runRipgrep({ cwd: root, args, signal }, (line) => {
    found.push(line.replace(/^\.\//, ''))
    return found.length < MAX_PATHS
  })
  const folders = new Map<string, boolean>()
  const inside: string[] = []
  for (const file of found) {
    const parent = file.split('/').slice(0, -1).join('/')
    const known = folders.get(parent) ?? (await isPlainFolder(root, parent))
    folders.set(parent, known)
    if (known) inside.push(file)
  }
  if (inside.length === 0) return `No file matches ${pattern}.`
  const { text, count } = fitLines(inside)
  if (isWhole && count === inside.length) return text
  return `${text}\n[cut: the first ${count} files; use a narrower pattern]`
}

/**
 * Lines that match a regular expression, as `path:line: text`. The search only says where; the lines
 * are read from files that were proven to lie inside.
 */
export async function searchFiles(
  root: string,
  options: {
    pattern: string
    path?: string | undefined
    glob?: string | undefined
    ignoreCase?: boolean | undefined
    context?: number | undefined
  },
  signal: AbortSignal,
): Promise<string> {
  const { pattern, path = '.', glob, ignoreCase = false, context = 0 } = options
  if (pattern.length > MAX_PATTERN_CHARS) throw new Refusal('That pattern is too long.')
  const target = await plainTarget(root, path)
  const places: Place[] = []
  const args = [
    '--line-number',
    '--with-filename',
    '--null',
    '--no-heading',
    '--color=never',
    '--max-columns=1',
    `--max-count=${MAX_MATCHES_OF_FILE}`,
    `--max-filesize=${MAX_FILE_BYTES}`,
    ...(ignoreCase ? ['--ignore-case'] : []),
    ...globs(glob),
    `--regexp=${pattern}`,
    '--',
    target === '' ? './' : `./${target}`,
  ]
  const isWhole = await runRipgrep({ cwd: root, args, signal }, (line) => {
    const [file = '', rest = ''] = line.split('\0', 2)
    places.push({ path: file.replace(/^\.\//, ''), line: Number.parseInt(rest, 10) })
    return places.length < MAX_MATCHES
  })
  const lines = await linesAt(root, places, context)
  if (lines.length === 0) return 'Nothing matches.'
  const { text, count } = fitLines(lines)
  if (isWhole && count === lines.length) return text
  return `${text}\n[cut: there are more matches; search for something narrower]`
}

/** The user's glob first: among ripgrep's globs the last one that matches decides. */
function globs(pattern: string | undefined): string[] {
  if (pattern !== undefined && pattern.length > MAX_PATTERN_CHARS) {
    throw new Refusal('That pattern is too long.')
  }
  if (pattern?.startsWith('/') || pattern?.split('/').includes('..')) {
    throw new Refusal('A pattern is relative to the workspace, and does not contain "..".')
  }
  const own = pattern === undefined || pattern === '' ? [] : [`--glob=${pattern}`]
  const wantsModules = pattern?.includes('node_modules') ?? false
  return [...own, '--iglob=!**/.git', ...(wantsModules ? [] : ['--glob=!**/node_modules'])]
}

async function linesAt(root: string, places: readonly Place[], context: number): Promise<string[]> {
  const found: string[] = []
  for (const [path, inFile] of Map.groupBy(places, (place) => place.path)) {
    const file = await readTextFile(root, path).catch(() => undefined)
    // Links resolve to another path: what they lead to is found under its own name, if at all.
    if (file === undefined || file.path !== path) continue
    const lines = linesOf(file.text)
    let shownUntil = 0
    for (const { line } of inFile) {
      const from = Math.max(1, line - context, shownUntil + 1)
      const to = Math.min(lines.length, line + context)
      if (context > 0 && found.length > 0 && from > shownUntil + 1) found.push('--')
      for (let number = from; number <= to; number += 1) {
        found.push(`${path}:${number}: ${cutLine(lines[number - 1] ?? '')}`)
      }
      shownUntil = Math.max(shownUntil, to)
    }
  }
  return found
}

/** The real path of a folder, relative to the workspace. @throws {Refusal} */
async function plainFolder(root: string, path: string): Promise<string> {
  const { handle, parts } = await openFolder(root, path)
  await handle.close()
  return parts.join('/')
}

/** The same for a folder or a text file. @throws {Refusal} */
async function plainTarget(root: string, path: string): Promise<string> {
  const isFolder = await plainFolder(root, path).catch(() => undefined)
  return isFolder ?? (await readTextFile(root, path)).path
}

async function isPlainFolder(root: string, path: string): Promise<boolean> {
  const real = await plainFolder(root, path).catch(() => undefined)
  return real === partsOf(path).join('/')
}
