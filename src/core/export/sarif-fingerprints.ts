import type { SynthesisFinding } from '../contract/synthesis.ts'
import { shorten } from '../text/shorten.ts'

type Told = Pick<SynthesisFinding, 'title' | 'detail' | 'recommendation' | 'file' | 'line'>

/**
 * One fingerprint per finding, stable across syntheses: it is derived from the file and from the
 * code identifier that the finding mentions most. Titles are reworded each time, and lines move.
 * Findings with the same file and identifier are numbered in the order of their lines.
 */
export function fingerprintsOf(findings: readonly Told[]): string[] {
  const keys = findings.map((finding) => `${finding.file ?? ''}\n${subjectOf(finding)}`)
  const order = findings
    .map((finding, index) => ({ index, line: finding.line ?? 0, title: finding.title }))
    .sort((a, b) => a.line - b.line || (a.title < b.title ? -1 : 1))
  const counts = new Map<string, number>()
  const numbers: number[] = []
  for (const { index } of order) {
    const key = keys[index] ?? ''
    const number = (counts.get(key) ?? 0) + 1
    counts.set(key, number)
    numbers[index] = number
  }
  return keys.map((key, index) => `${hash(key)}:${numbers[index] ?? 1}`)
}

/** The identifier that is mentioned most often; the longest of several. Empty if there is none. */
function subjectOf({ title, detail, recommendation = '' }: Told): string {
  const counts = new Map<string, number>()
  // Titles are reworded more often than the text below them.
  const told = detail.trim() === '' ? title : `${detail}\n${recommendation}`
  for (const name of namesIn(shorten(told, 1_000))) counts.set(name, (counts.get(name) ?? 0) + 1)
  let best = ''
  for (const [name, count] of counts) {
    const most = counts.get(best) ?? 0
    const isLonger = name.length > best.length || (name.length === best.length && name < best)
    if (count > most || (count === most && isLonger)) best = name
  }
  return best
}

/** `snake_case`, `camelCase`, `PascalCase`, and calls such as `run(`. */
function namesIn(text: string): string[] {
  const words = text.match(/[\p{L}_$][\p{L}\p{N}_$]{2,59}\(?/gu) ?? []
  return words.flatMap((word) => {
    const name = word.replace(/\($/, '')
    const isName = word !== name || /\p{Ll}\p{Lu}|\p{L}_\p{L}|^[_$]\p{L}/u.test(name)
    return isName ? [name.toLowerCase()] : []
  })
}

/** 64-bit FNV-1a in hexadecimal: short, and the same everywhere. */
function hash(text: string): string {
  let value = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(text)) {
    value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n)
  }
  return value.toString(16).padStart(16, '0')
}
