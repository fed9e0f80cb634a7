import type { Synthesis } from '../contract/synthesis.ts'

/** A task's findings `from` (counted from 0) up to, and without, `to`; the text goes with the first. */
export interface Slice {
  taskId: string
  from: number
  to: number
}

/** A synthesis as it is stored, with what is asked about it without reading it. */
export interface SynthesisText
  extends Pick<Synthesis, 'version' | 'status' | 'executor' | 'preliminary'> {
  model?: string | undefined
  json: string
}

/** One part: level 1 is written over results, each higher one over the level below. Both count from 1 and 0. */
export interface PartPlace {
  level: number
  index: number
}
