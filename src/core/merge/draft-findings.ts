import type { SynthesisDraft } from '../ports/models.ts'
import { shorten } from '../text/shorten.ts'

export type DraftFinding = SynthesisDraft['findings'][number]

/** `security/2` belongs to the task `security`; task ids contain no slash. */
export function taskOfRef(ref: string): string {
  return ref.slice(0, ref.lastIndexOf('/'))
}

export function tasksOfRefs(refs: readonly string[]): string[] {
  return [...new Set(refs.map(taskOfRef))]
}

/** `1 finding`, `2 findings`. */
export function countOf(number: number, noun: string): string {
  return `${number} ${number === 1 ? noun : `${noun}s`}`
}

/** Puts a text on one line and cuts it to `limit` characters. */
export function oneLine(text: string, limit: number): string {
  const line = shorten(text, limit * 4)
    .replace(/\s+/g, ' ')
    .trim()
  return shorten(line, limit, '…')
}
