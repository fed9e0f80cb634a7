import { expect, test } from 'vitest'
import type { Finding } from '../../../src/core/contract/findings.ts'
import type { Synthesis } from '../../../src/core/contract/synthesis.ts'
import { NO_USAGE } from '../../../src/core/contract/usage.ts'
import { MERGING, type Settling } from '../../../src/core/merge/merge-operations.ts'
import { writtenPart } from '../../../src/core/merge/synthesis-part.ts'
import type { SynthesisDraft, TaskResult } from '../../../src/core/ports/models.ts'

const finding = (title: string): Finding => ({ title, severity: 'high', confidence: 0.5 })
const SPOON = finding('The spoon bends')
const CAKE = finding('The cake is gone')

const result = (findings: Finding[], refs: string[]): TaskResult => ({
  taskId: 'a',
  description: 'Looks around',
  status: 'succeeded',
  text: '',
  findings,
  refs,
})

const draft: SynthesisDraft = {
  summary: 'Mind the spoon above all.',
  findings: [
    { ...SPOON, detail: 'It bends.', from: ['a/1'] },
    { ...CAKE, detail: 'It is gone.', from: ['a/2'] },
  ],
  dropped: [],
  conflicts: [],
  actions: [
    { action: 'Straighten the spoon', why: 'It bends.', findings: [0] },
    { action: 'Bake another cake', why: 'It is gone.', findings: [1] },
  ],
  usage: NO_USAGE,
}

test('a finding that votes refute leaves the summary and the actions of a synthesis in parts', () => {
  const whole = writtenPart(draft, [result([SPOON, CAKE], ['a/1', 'a/2'])], NO_USAGE)
  const votes = [{ verdict: 'refuted' as const, reason: 'There is no spoon.' }]
  const ballot = { kept: 'a/1', status: 'refuted' as const, votes }
  const settling: Settling = {
    results: [result([CAKE], ['a/2'])],
    from: { kind: 'part', part: JSON.stringify(whole), summarised: true },
    usage: NO_USAGE,
    model: 'local:m',
    version: 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    preliminary: false,
    notes: [],
    edits: undefined,
    evidence: {
      checks: {},
      refuted: [{ ref: 'a/1', taskId: 'a', finding: SPOON, reason: 'No spoon.', ballot }],
      ballots: { 'a/1': ballot },
    },
  }
  const synthesis = JSON.parse(MERGING.settle(settling).json) as Synthesis
  expect(synthesis.summary).not.toContain('spoon')
  expect(synthesis.summary).toContain('The cake is gone')
  expect(synthesis.actions).toEqual([
    { rank: 1, action: 'Bake another cake', why: 'It is gone.', findings: ['f-1'] },
  ])
  expect(synthesis.findings).toMatchObject([
    { title: CAKE.title, verification: { status: 'unverified' } },
    { title: SPOON.title, verification: { status: 'refuted', votes } },
  ])
  expect(synthesis.notes).toEqual([
    "The model's summary mentioned refuted findings, so this one was written from the others.",
  ])
})
