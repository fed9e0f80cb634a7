import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TaskOutput } from '../../../src/core/ports/executor.ts'
import { untouchedTask } from '../../../src/core/ports/records.ts'
import { outputPieces } from '../../../src/core/read/output-pieces.ts'
import { outputTask } from '../../../src/core/read/plan-views.ts'
import { jsonOf, readJson } from '../../support/exporting.ts'

const spec = {
  id: 'a.b',
  description: 'A "task" é',
  executor: 'echo',
  attempts: 1,
  timeoutMs: 1,
  priority: 0,
}
const state = { ...untouchedTask(0), status: 'succeeded' as const, answeredBy: 'test:m' }

async function* inPieces(json: Uint8Array, bytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < json.length; at += bytes) yield json.subarray(at, at + bytes)
}

const text = fc.string({
  unit: fc.constantFrom('a', '"', '\\', '{', '}', '[', ']', ',', ':', '🌙'),
})
const finding = fc.record({ title: text, severity: fc.constant('low'), tags: fc.array(text) })
const output = fc.record(
  {
    text,
    data: fc.jsonValue({ maxDepth: 4 }),
    findings: fc.array(finding, { maxLength: 4 }),
    edits: fc.record({ base: text, patch: text, files: fc.array(text) }),
    reasoning: text,
    stderr: text,
    // Stored beside them, and not for callers.
    internal: fc.jsonValue(),
  },
  { requiredKeys: ['text'] },
)

test('an output in pieces of any size is answered as it is in one', async () => {
  const pieceSize = fc.integer({ min: 1, max: 60 })
  await fc.assert(
    fc.asyncProperty(output, pieceSize, async (stored, bytes) => {
      const answered = await readJson(
        outputPieces({ spec, state }, inPieces(jsonOf(stored), bytes)),
      )
      const expected = outputTask(spec, state, stored as unknown as TaskOutput)
      expect(answered).toEqual(JSON.parse(JSON.stringify(expected)))
    }),
    { numRuns: 300 },
  )
})
