import { severityRank } from '../contract/findings.ts'
import type { SynthesisFinding } from '../contract/synthesis.ts'
import type { SynthesisDraft } from '../ports/models.ts'
import { shorten } from '../text/shorten.ts'

export type DraftFinding = SynthesisDraft['findings'][number]

/** `security/2` is of the task `security`; task ids hold no slash. */
export function taskOfRef(ref: string): string {
  return ref.slice(0, ref.lastIndexOf('/'))
}

export function tasksOfRefs(refs: readonly string[]): string[] {
  return [...new Set(refs.map(taskOfRef))]
}

type Ranked = Pick<SynthesisFinding, 'severity' | 'confidence' | 'title' | 'sources'> & {
  file?: string | undefined
  line?: number | undefined
}

/** The most severe first, then what most tasks agree on, then the surest, then by place and title. */
export function compareFindings(a: Ranked, b: Ranked): number {
  return (
    severityRank(a.severity) - severityRank(b.severity) ||
    b.sources.length - a.sources.length ||
    b.confidence - a.confidence ||
    compareText(a.file ?? '\uffff', b.file ?? '\uffff') ||
    (a.line ?? 0) - (b.line ?? 0) ||
    compareText(a.title, b.title)
  )
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** `1 finding`, `2 findings`. */
export function countOf(number: number, noun: string): string {
  return `${number} ${number === 1 ? noun : `${noun}s`}`
}

/** On one line, cut to `limit` characters. */
export function oneLine(text: string, limit: number): string {
  const line = shorten(text, limit * 4)
    .replace(/\s+/g, ' ')
    .trim()
  return shorten(line, limit, '…')
}
