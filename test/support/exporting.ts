import { exportSynthesis } from '../../src/core/export/export-synthesis.ts'
import type { Exporting } from '../../src/core/ports/exporting.ts'

/** Exports on the thread of the test, however large. */
export const EXPORTING_HERE: Exporting = {
  async synthesis(json, as, title) {
    const pieces: Uint8Array[] = []
    for await (const piece of json) pieces.push(piece)
    return exportSynthesis(Buffer.concat(pieces), as, title)
  },
}

/** What a reader of JSON in pieces has in the end. */
export async function readJson<Value>(pieces: AsyncIterable<Uint8Array>): Promise<Value> {
  const read: Uint8Array[] = []
  for await (const piece of pieces) read.push(piece)
  return JSON.parse(Buffer.concat(read).toString()) as Value
}

/** As the service stores it. */
export function jsonOf(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

/** The same, in one piece. */
export async function* inOnePiece(value: unknown): AsyncGenerator<Uint8Array> {
  yield jsonOf(value)
}
