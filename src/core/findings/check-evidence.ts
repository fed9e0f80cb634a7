import type { Finding } from '../contract/findings.ts'
import type { EvidenceCheck } from '../contract/verification.ts'
import { shorten } from '../text/shorten.ts'
import { placeOf } from './places.ts'
import { findQuote, quotesOf, type SearchedText } from './quotes.ts'

/** The result of checking a finding against the workspace. */
export interface CheckedEvidence {
  checks: EvidenceCheck[]
  /** The verified or corrected place, if the finding named a file that exists. */
  place: { file?: string; line?: number }
  /** Why the finding does not hold, as a sentence; absent if nothing contradicts it. */
  refuted?: string
}

/** What the path in a finding resolves to; `folder` is a folder with files below it. */
export type Resolved =
  | { kind: 'file'; path: string }
  | { kind: 'folder' }
  | { kind: 'none' }
  | { kind: 'unclear' }

/**
 * Checks what code can check about a finding: that the file exists, that it has the line, and that
 * it contains what the finding quotes. If the quotation is elsewhere in the file, the line is
 * corrected.
 *
 * @param text of the file; if it is binary or was not read, pass `undefined` and only its name is
 * checked
 */
export function checkEvidence(
  finding: Finding,
  resolved: Resolved,
  text: SearchedText | undefined,
): CheckedEvidence {
  const named = placeOf(finding)
  if (named.file === undefined || resolved.kind === 'unclear') return { checks: [], place: {} }
  if (resolved.kind === 'none') {
    // A linked file may belong to a library or to another repository.
    if (linksTo(finding, named.file)) return { checks: [], place: {} }
    return {
      checks: [{ kind: 'file', holds: false }],
      place: {},
      refuted: `${named.file} is not in the workspace.`,
    }
  }
  const checks: EvidenceCheck[] = [{ kind: 'file', holds: true }]
  if (resolved.kind === 'folder') return { checks, place: {} }
  const file = resolved.path
  if (text === undefined) return { checks, place: { file } }
  const lastLine = text.lines.at(-1) === '' ? text.lines.length - 1 : text.lines.length
  const quotes = quotesOf(finding)
  const found = quotes.flatMap((quote) => findQuote(quote, text, named.line) ?? [])
  const [line] = found
  const reaches = named.line === undefined || named.line <= Math.max(1, lastLine)
  if (line !== undefined) {
    // The named line is good enough if it is inside the quotation or right next to it.
    const isNear =
      named.line !== undefined && found.some((each) => isWithin(named.line, each, quotes))
    const corrected = reaches && isNear ? named.line : line
    checks.push({ kind: 'line', holds: true }, { kind: 'quote', holds: true })
    return { checks, place: { file, ...(corrected === undefined ? {} : { line: corrected }) } }
  }
  if (named.line !== undefined) checks.push({ kind: 'line', holds: reaches })
  // A finding about several files may quote another one.
  const isElsewhere = quotes.length > 0 && namesOthers(finding, file)
  const isMissing = quotes.length > 0 && !isElsewhere
  if (isMissing) checks.push({ kind: 'quote', holds: false })
  const place = { file, ...(named.line === undefined ? {} : { line: named.line }) }
  if (!reaches) {
    const refuted = `${file} has ${lastLine} ${lastLine === 1 ? 'line' : 'lines'}, so there is no line ${named.line}.`
    return { checks, place, refuted }
  }
  return isMissing
    ? { checks, place, refuted: `The code it quotes is not in ${file}.` }
    : { checks, place }
}

function linksTo({ evidence = '', detail = '' }: Finding, file: string): boolean {
  const links = shorten(`${evidence}\n${detail}`, 10_000).match(/https?:\/\/[^\s)\]]{1,500}/g) ?? []
  return links.some((link) => link.includes(`/${file}`))
}

/** Whether a finding also names other files, as paths or in links. */
function namesOthers({ evidence = '', detail = '' }: Finding, file: string): boolean {
  const name = file.slice(file.lastIndexOf('/') + 1)
  const names =
    shorten(`${evidence}\n${detail}`, 10_000).match(/[\w-]{1,60}\.\w{1,6}(?=[#:?)\]`'"\s]|$)/g) ??
    []
  const extension = name.slice(name.lastIndexOf('.'))
  return names.some((other) => other !== name && other.endsWith(extension))
}

function isWithin(line: number | undefined, start: number, quotes: readonly string[]): boolean {
  const longest = Math.max(...quotes.map((quote) => quote.split('\n').length))
  return line !== undefined && line >= start - 2 && line <= start + longest + 1
}

/**
 * Resolves the path in a finding: to the file with exactly that path, else to the only file whose
 * path ends with it, else to the file that the end of the path names, as in
 * `/home/me/project/src/a.ts`.
 */
export function pathResolver(
  files: readonly string[],
  isWhole: boolean,
): (file: string) => Resolved {
  const known = new Set(files)
  const byName = new Map<string, string[]>()
  const folders = new Set<string>()
  for (const file of files) {
    const name = file.slice(file.lastIndexOf('/') + 1)
    byName.set(name, [...(byName.get(name) ?? []), file])
    for (let at = file.indexOf('/'); at > 0; at = file.indexOf('/', at + 1))
      folders.add(file.slice(0, at))
  }
  return (file) => {
    if (known.has(file)) return { kind: 'file', path: file }
    if (folders.has(file)) return { kind: 'folder' }
    // Globs, lists of files and sentences are not paths.
    if (/[*?{}<>|,;\s]|^\w+:|^\.\.\//.test(file)) return { kind: 'unclear' }
    const name = file.slice(file.lastIndexOf('/') + 1)
    const ending = (byName.get(name) ?? []).filter((path) => path.endsWith(`/${file}`))
    const [only] = ending
    if (only !== undefined)
      return ending.length === 1 ? { kind: 'file', path: only } : { kind: 'unclear' }
    for (let at = file.indexOf('/'); at >= 0; at = file.indexOf('/', at + 1)) {
      const rest = file.slice(at + 1)
      if (rest.includes('/') && known.has(rest)) return { kind: 'file', path: rest }
    }
    // Without an extension, the name may be a module or a service.
    return isWhole && /\.\w{1,10}$/.test(name) ? { kind: 'none' } : { kind: 'unclear' }
  }
}
