import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { Synthesis } from '../../src/core/contract/synthesis.ts'
import { call, type Service, startService } from '../support/service.ts'

let service: Service

beforeAll(async () => {
  service = await startService({
    redisUrl: inject('redisUrl'),
    prefix: `e-${randomUUID().slice(0, 8)}`,
  })
})

afterAll(() => service.stop())

const FILES = { 'src/a.ts': 'import x from "x"\n\nexport const run = (code) => eval(code)\n' }

/** A plan whose tasks report these findings, with its synthesis. */
async function synthesisOf(findings: Record<string, object[]>, files = true) {
  const tasks = Object.entries(findings).map(([id, reported]) => ({
    id,
    description: id,
    executor: 'echo',
    prompt: `\`\`\`json\n${JSON.stringify(reported)}\n\`\`\``,
  }))
  const plan = {
    title: 'Evidence',
    tasks,
    synthesis: { executor: 'merge' },
    ...(files ? { workspace: { files: FILES } } : {}),
  }
  const { body } = await call<{ id: string }>(`${service.url}/v1/plans`, 'POST', plan)
  const at = `${service.url}/v1/plans/${body.id}/synthesis?wait=30`
  const { body: synthesis } = await call<Synthesis>(at)
  return synthesis
}

test('findings are checked against the files: those with wrong locations are last and say why', async () => {
  const eight = { title: 'Code from outside is run', severity: 'high', file: 'src/a.ts', line: 90 }
  const synthesis = await synthesisOf({
    one: [
      { ...eight, evidence: 'export const run = (code) => eval(code)' },
      { title: 'Tokens never expire', severity: 'critical', file: 'src/token.ts', line: 3 },
    ],
    two: [
      { title: 'Unused import', severity: 'low', file: 'a.ts', line: 1 },
      { title: 'Tokens never expire', severity: 'critical', file: 'src/token.ts', line: 3 },
      { title: 'No tests', severity: 'info' },
    ],
  })
  const brief = synthesis.findings.map((finding) => ({
    id: finding.id,
    title: finding.title,
    line: finding.line,
    verification: finding.verification,
  }))
  const holds = (...kinds: string[]) => kinds.map((kind) => ({ kind, holds: true }))
  expect(brief).toEqual([
    {
      id: 'f-1',
      title: 'Code from outside is run',
      line: 3,
      verification: { status: 'confirmed', checks: holds('file', 'line', 'quote') },
    },
    {
      id: 'f-2',
      title: 'Unused import',
      line: 1,
      verification: { status: 'unverified', checks: holds('file', 'line') },
    },
    {
      id: 'f-3',
      title: 'No tests',
      line: undefined,
      verification: { status: 'unverified', checks: [] },
    },
    {
      id: 'f-4',
      title: 'Tokens never expire',
      line: 3,
      verification: { status: 'refuted', checks: [{ kind: 'file', holds: false }] },
    },
  ])
  expect(synthesis.findings[3]?.sources).toEqual(['one', 'two'])
  expect(synthesis.summary).not.toContain('Tokens never expire')
  expect(synthesis.summary).toContain('2 reported findings are left out here')
  expect(synthesis.ledger).toMatchObject([
    { finding: 'one/1', fate: 'kept', into: 'f-1' },
    {
      finding: 'one/2',
      fate: 'refuted',
      into: 'f-4',
      reason: 'src/token.ts is not in the workspace.',
    },
    { finding: 'two/1', fate: 'kept', into: 'f-2' },
    { finding: 'two/2', fate: 'refuted', into: 'f-4' },
    { finding: 'two/3', fate: 'kept', into: 'f-3' },
  ])
})

test('where every finding is refuted, none is read out of the text again', async () => {
  const synthesis = await synthesisOf({ one: [{ title: 'A', severity: 'high', file: 'no.ts' }] })
  expect(synthesis.findings).toMatchObject([{ id: 'f-1', verification: { status: 'refuted' } }])
  expect(synthesis.ledger).toHaveLength(1)
})

test('a plan without files has nothing to look up', async () => {
  const synthesis = await synthesisOf(
    { one: [{ title: 'A', severity: 'high', file: 'no.ts' }] },
    false,
  )
  expect(synthesis.findings).toHaveLength(1)
  expect(synthesis.findings[0]).not.toHaveProperty('verification')
})
