import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { SYNTHESIS } from '../../../src/http/openapi/examples.ts'
import { openExporting } from '../../../src/main/open/open-exporting.ts'
import { EXPORTING_HERE, jsonOf } from '../../support/exporting.ts'

/** In pieces, as the store reads it. */
async function* inPieces(value: unknown): AsyncGenerator<Uint8Array> {
  const json = jsonOf(value)
  for (let at = 0; at < json.length; at += 60_000) yield json.subarray(at, at + 60_000)
}

test('what is large is exported on a thread as what is small is here', async () => {
  const exporting = openExporting(pino({ level: 'silent' }))
  onTestFinished(() => exporting.close())
  const finding = SYNTHESIS.findings[0]
  const large = { ...SYNTHESIS, findings: Array.from({ length: 900 }, () => finding) }
  for (const synthesis of [SYNTHESIS, large]) {
    for (const as of ['markdown', 'sarif', 'patch'] as const) {
      const text = await exporting.synthesis(inPieces(synthesis), as, 'A review')
      const expected = await EXPORTING_HERE.synthesis(inPieces(synthesis), as, 'A review')
      expect(Buffer.from(text).equals(expected), as).toBe(true)
    }
  }
})
