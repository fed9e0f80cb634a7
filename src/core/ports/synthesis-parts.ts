import type { Synthesis } from '../contract/synthesis.ts'

/**
 * A range of a task's findings, from `from` (0-based) up to but excluding `to`. The text belongs to
 * the first slice.
 */
export interface Slice {
  taskId: string
  from: number
  to: number
}

/** A stored synthesis, with the fields that are needed without parsing it. */
export interface SynthesisText
  extends Pick<Synthesis, 'version' | 'status' | 'executor' | 'preliminary'> {
  model?: string | undefined
  json: string
}

/**
 * The position of a part. Level 1 (levels count from 1) covers results, each higher one the level
 * below. Indexes count from 0.
 */
export interface PartPlace {
  level: number
  index: number
}
