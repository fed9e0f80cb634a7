import type { Pieces } from '../contract/api.ts'
import type { SynthesisFormat } from '../contract/synthesis.ts'

/** Renders stored data as responses. Large ones are rendered on other threads, a few at a time. */
export interface Exporting {
  /**
   * UTF-8. Reads the pieces only when it is its turn, so that waiting calls take little memory.
   */
  synthesis(json: Pieces, as: Exclude<SynthesisFormat, 'json'>, title: string): Promise<Uint8Array>
}
