import pino from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { NO_USAGE } from '../../../src/core/contract/usage.ts'
import { extractFindings } from '../../../src/core/findings/extract-findings.ts'
import { openReading } from '../../../src/main/open/open-reading.ts'

test('large outputs are read on a thread as small ones are read here', async () => {
  const reading = openReading(pino({ level: 'silent' }))
  onTestFinished(() => reading.close())
  const lines = Array.from(
    { length: 400 },
    (_, at) => `- **High**: Weak hash ${at} (src/a${at}.ts:3)`,
  )
  for (const text of [
    lines.slice(0, 3).join('\n'),
    `${lines.join('\n')}\n${'prose '.repeat(5_000)}`,
  ]) {
    const found = await reading.findingsIn(text)
    expect(found.length).toBeGreaterThan(2)
    expect(found).toEqual(extractFindings(text))
  }
  const json = JSON.stringify({ score: 7, filler: 'x'.repeat(50_000) })
  const outputSchema = { type: 'object', required: ['score'] }
  expect(await reading.readOutput(json, { outputSchema }, { usage: NO_USAGE })).toMatchObject({
    status: 'succeeded',
    output: { data: { score: 7 } },
  })
})
