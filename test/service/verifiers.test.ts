import { randomUUID } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest'
import type { Synthesis } from '../../src/core/contract/synthesis.ts'
import type { DryRun } from '../../src/core/contract/views.ts'
import { call, finished, type Service, startService } from '../support/service.ts'

interface Body {
  model: string
  messages: { role: string; content: unknown }[]
}

let service: Service
let close: () => void
/** Prompts of verifiers, in the order in which they came. */
const asked: string[] = []
/** Of a title, how its verifiers answer, one after the other; `hang` never does. */
let script: Record<string, string[]> = {}
/** What the model writes as the synthesis. */
let draft: object = {}
let usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 }

function write(body: Body, response: ServerResponse): void {
  const said = JSON.stringify(body.messages)
  let content = JSON.stringify(draft)
  if (said.includes('Somebody claims')) {
    asked.push(said)
    const title = Object.keys(script).find((each) => said.includes(each)) ?? ''
    const count = asked.filter((each) => each.includes(title)).length
    const verdict = script[title]?.[count - 1] ?? 'unscripted'
    if (verdict === 'hang') return
    content = JSON.stringify({ verdict, reason: `${title} is ${verdict}.` })
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const chunk = (more: object) =>
    response.write(
      `data: ${JSON.stringify({ id: 'a', object: 'chat.completion.chunk', created: 0, model: body.model, ...more })}\n\n`,
    )
  chunk({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })
  chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
  chunk({ choices: [], usage })
  response.end('data: [DONE]\n\n')
}

beforeAll(async () => {
  const server = createServer((request, response) => {
    void text(request).then((raw) => write(JSON.parse(raw) as Body, response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  close = () => {
    server.closeAllConnections()
    server.close()
  }
  const { port } = server.address() as AddressInfo
  service = await startService({
    redisUrl: inject('redisUrl'),
    prefix: `v-${randomUUID().slice(0, 8)}`,
    env: {
      TUTTI_MODEL: 'local:m',
      LOCAL_BASE_URL: `http://127.0.0.1:${port}/v1`,
      TUTTI_PRICES: JSON.stringify({
        models: {
          'local:m': {
            inputPerMTok: 1,
            outputPerMTok: 10,
            cacheReadPerMTok: 1,
            cacheWritePerMTok: 1,
          },
        },
      }),
    },
  })
})
afterAll(async () => {
  await service.stop()
  close()
})
beforeEach(() => {
  asked.length = 0
  script = {}
  usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 }
})

const FILES = {
  'src/run.ts': 'import x from "x"\n\nexport const run = (code) => eval(code)\n',
  'src/hash.ts': 'export const hash = (text) => sha256(text)\n',
}
const EVAL = {
  title: 'Code from outside is run',
  severity: 'high',
  file: 'src/run.ts',
  line: 3,
  detail: 'The argument reaches eval.',
  evidence: 'export const run = (code) => eval(code)',
  recommendation: 'Use a sandbox for plugins.',
}
const HASH = {
  title: 'Passwords are hashed with MD5',
  severity: 'critical',
  file: 'src/hash.ts',
  line: 1,
  detail: 'MD5 is broken.',
  recommendation: 'Hash with argon2 instead.',
}

async function submit(findings: Record<string, object[]>, more: object = {}) {
  const tasks = Object.entries(findings).map(([id, reported]) => ({
    id,
    description: id,
    executor: 'echo',
    prompt: `\`\`\`json\n${JSON.stringify(reported)}\n\`\`\``,
  }))
  const plan = {
    title: 'Verified',
    tasks,
    policy: { verify: {} },
    synthesis: { executor: 'merge' },
    workspace: { files: FILES },
    ...more,
  }
  const submitted = await call<{ id: string }>(`${service.url}/v1/plans`, 'POST', plan)
  expect(submitted.status).toBe(202)
  return submitted.body.id
}

async function synthesisOf(planId: string): Promise<Synthesis> {
  await finished(service, planId)
  return (await call<Synthesis>(`${service.url}/v1/plans/${planId}/synthesis?wait=30`)).body
}

test('each finding is judged once until most votes agree, and what they refute leaves summary and actions', async () => {
  script = {
    [EVAL.title]: ['confirmed', 'confirmed'],
    [HASH.title]: ['refuted', 'confirmed', 'refuted'],
  }
  const slow = { title: 'Loop is slow', severity: 'low', file: 'src/run.ts', line: 1 }
  const untested = { title: 'No tests at all', severity: 'medium' }
  const planId = await submit({ 'agent-seven': [EVAL, HASH], other: [EVAL, slow, untested] })
  const synthesis = await synthesisOf(planId)
  expect(asked).toHaveLength(5)
  expect(synthesis.usage).toMatchObject({ steps: 5, inputTokens: 500, outputTokens: 50 })
  const brief = Object.fromEntries(
    synthesis.findings.map(({ title, verification }) => [
      title,
      [verification?.status, (verification?.votes ?? []).map(({ verdict }) => verdict)],
    ]),
  )
  expect(brief).toEqual({
    [EVAL.title]: ['confirmed', ['confirmed', 'confirmed']],
    [slow.title]: ['unverified', []],
    [untested.title]: ['unverified', []],
    [HASH.title]: ['refuted', ['refuted', 'confirmed', 'refuted']],
  })
  expect(synthesis.findings.at(-1)?.title).toBe(HASH.title)
  expect(synthesis.ledger).toContainEqual({
    finding: 'agent-seven/2',
    fate: 'refuted',
    into: 'f-4',
    reason: `Refuted by 2 of 3 votes: ${HASH.title} is refuted.`,
  })
  expect(synthesis.ledger).toHaveLength(5)
  expect(synthesis.summary).not.toContain(HASH.title)
  expect(synthesis.summary).toContain('1 reported finding is left out here')
  expect(JSON.stringify(synthesis.actions)).not.toContain('argon2')
  expect(synthesis.notes).toContainEqual(
    expect.stringContaining('1 finding (medium or more severe) not verified: no unchanged file'),
  )
  // A verifier sees the claim and the file, and not who said so, or what they recommend.
  const prompt = asked.find((each) => each.includes(EVAL.title)) ?? ''
  expect(prompt).toContain('The argument reaches eval.')
  expect(prompt).toContain('3: export const run = (code) => eval(code)')
  for (const hidden of ['agent-seven', 'sandbox', 'other']) expect(prompt).not.toContain(hidden)
})

test('what a model wrote of a refuted finding is not in the synthesis', async () => {
  script = { [EVAL.title]: ['confirmed', 'confirmed'], [HASH.title]: ['refuted', 'refuted'] }
  const of = ({ title, severity, file, line, detail }: typeof EVAL | typeof HASH) => ({
    ...{ title, severity, file, line, detail },
    confidence: 0.5,
  })
  draft = {
    summary: 'The worst of all is MD5.',
    findings: [
      { ...of(HASH), from: ['one/1'] },
      { ...of(EVAL), from: ['one/2'] },
    ],
    dropped: [],
    conflicts: [],
    actions: [
      { action: 'Hash with argon2.', why: 'MD5', findings: [0] },
      { action: 'Remove eval.', why: 'It runs code.', findings: [1] },
    ],
  }
  const planId = await submit({ one: [HASH, EVAL] }, { synthesis: { executor: 'model' } })
  const synthesis = await synthesisOf(planId)
  expect(synthesis.executor).toBe('model')
  expect(synthesis.summary).not.toContain('MD5')
  expect(synthesis.summary).toContain(EVAL.title)
  expect(synthesis.actions).toEqual([
    { rank: 1, action: 'Remove eval.', why: 'It runs code.', findings: ['f-1'] },
  ])
  expect(synthesis.findings.map(({ verification }) => verification?.status)).toEqual([
    'confirmed',
    'refuted',
  ])
  expect(synthesis.usage.steps).toBe(5)
})

test('votes cost no more than their share of the budget, the most important finding first', async () => {
  script = {
    [EVAL.title]: ['confirmed', 'confirmed'],
    [HASH.title]: ['unsure', 'unsure'],
  }
  // Each call costs more than half of the share.
  usage = { prompt_tokens: 20_000, completion_tokens: 2_000, total_tokens: 22_000 }
  const policy = { budgetUsd: 0.7, verify: { maxShare: 0.1 } }
  const synthesis = await synthesisOf(await submit({ one: [EVAL, HASH] }, { policy }))
  expect(asked.length).toBeLessThan(4)
  expect(asked[0]).toContain(HASH.title)
  expect(synthesis.usage.costUsd).toBeLessThanOrEqual(0.08)
  expect(synthesis.findings.map(({ verification }) => verification?.status)).toEqual([
    'unverified',
    'confirmed',
  ])
  expect(synthesis.notes).toContainEqual(expect.stringContaining('the share of the budget'))
})

test('a cancel ends the votes, and the synthesis says what was not verified', async () => {
  script = { [HASH.title]: ['hang'] }
  const planId = await submit({ one: [HASH] })
  await vi.waitFor(() => expect(asked).toHaveLength(1), { timeout: 60_000 })
  await call(`${service.url}/v1/plans/${planId}/cancel`, 'POST')
  const synthesis = await synthesisOf(planId)
  expect(synthesis.findings).toMatchObject([
    { title: HASH.title, verification: { status: 'unverified' } },
  ])
  expect(synthesis.notes).toContainEqual(expect.stringContaining('the plan was stopped'))
})

test('a dry run shows the maximum number of votes; a plan without a synthesis has none', async () => {
  const plan = {
    tasks: [{ id: 'a', executor: 'echo', prompt: 'a', description: 'a' }],
    policy: { budgetUsd: 2, verify: { votes: 5, maxShare: 0.25 } },
  }
  const dry = await call<DryRun>(`${service.url}/v1/plans?dryRun=true`, 'POST', plan)
  expect(dry.body.estimate.verification).toEqual({ maxCalls: 500, maxCostUsd: 0.5 })
  expect(dry.body.warnings).toMatchObject([{ code: 'verify-without-workspace' }])
  const none = await call<{ errors: object[] }>(`${service.url}/v1/plans`, 'POST', {
    ...plan,
    synthesis: false,
  })
  expect(none.status).toBe(400)
  expect(none.body.errors).toMatchObject([{ pointer: '/policy/verify' }])
  const even = { ...plan, policy: { verify: { votes: 2 } } }
  const refused = await call<{ errors: object[] }>(`${service.url}/v1/plans`, 'POST', even)
  expect(refused.body.errors).toEqual([
    { pointer: '/policy/verify/votes', detail: 'must be 1, 3 or 5' },
  ])
})
