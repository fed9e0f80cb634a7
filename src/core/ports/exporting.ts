import type { Pieces } from '../contract/api.ts'
import type { SynthesisFormat } from '../contract/synthesis.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { TaskState } from './records.ts'

/**
 * Renders stored data as responses. Large ones are rendered on other threads, a few at a time. Texts
 * are UTF-8.
 */
export interface Exporting {
  /** Reads the pieces only when it is its turn, so that waiting calls take little memory. */
  synthesis(json: Pieces, as: Exclude<SynthesisFormat, 'json'>, title: string): Promise<Uint8Array>
  /** JSON of `OutputTask`, from the stored output. */
  output(task: { spec: TaskSpec; state: TaskState }, stored: Uint8Array): Promise<Uint8Array>
}
