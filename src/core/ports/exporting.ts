import type { Pieces } from '../contract/api.ts'
import type { SynthesisFormat } from '../contract/synthesis.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { TaskState } from './records.ts'

/**
 * Makes answers of what is stored. What is large is written where it holds nobody up, a few at a time.
 * Texts are UTF-8.
 */
export interface Exporting {
  /** The pieces are read when it is its turn: of those that wait nobody holds the whole. */
  synthesis(json: Pieces, as: Exclude<SynthesisFormat, 'json'>, title: string): Promise<Uint8Array>
  /** JSON of `OutputTask`, from the output as it is stored. */
  output(task: { spec: TaskSpec; state: TaskState }, stored: Uint8Array): Promise<Uint8Array>
}
