import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Synthesis } from '../../src/core/synthesis.ts'
import { type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { call, type Service, startService } from '../support/service.ts'
import {
  keepAll,
  type SynthesisCall,
  type SynthesizingProvider,
  startSynthesizingProvider,
} from '../support/synthesizing-provider.ts'

// Syntheses that are more than one call can hold: their parts are jobs, which may die at any point.

interface PlanView {
  id: string
  status: string
  usage: { steps: number }
  synthesis: { status: string; version: number }
}

let server: RedisServer
let redis: Redis
let service: Service
let provider: SynthesizingProvider
let write: (call: SynthesisCall, number: number) => string

beforeEach(async () => {
  server = await startRedisServer()
  redis = new Redis(server.url)
  write = (asked) => keepAll(asked)
  provider = await startSynthesizingProvider((asked, number) => write(asked, number))
})

afterEach(async () => {
  await service.stop()
  await provider.close()
  redis.disconnect()
  await server.stop()
})

async function start(workers: number, env: Record<string, string> = {}): Promise<void> {
  service = await startService({
    redisUrl: server.url,
    prefix: `test-${randomUUID().slice(0, 8)}`,
    workers,
    env: { TUTTI_MODEL: 'local:synthesizing', LOCAL_BASE_URL: provider.url, ...env },
  })
}

/** Every seventh finding of a task is the same as that of the task before, worded alike. */
function report(task: number, findings: number): string {
  const list = Array.from({ length: findings }, (_, at) => {
    const twin = at % 7 === 0
    const pair = Math.floor(task / 2)
    return {
      title: twin
        ? `Query ${pair}-${at} is built from unchecked input`
        : `Loop ${task}-${at} reads the whole table`,
      severity: twin && task % 2 === 1 ? 'critical' : 'low',
      confidence: twin && task % 2 === 1 ? 0.4 : 0.9,
      file:
        twin && task % 2 === 1
          ? `./src/p${pair}.ts`
          : `src/${twin ? 'p' : 't'}${twin ? pair : task}.ts`,
      line: at * 20 + 1,
      recommendation: twin ? 'Bind the values' : 'Read it page by page',
    }
  })
  return `Report.\n\n\`\`\`json\n${JSON.stringify({ findings: list })}\n\`\`\``
}

async function submit(tasks: number, findings: number, rest: object = {}): Promise<string> {
  const { status, body } = await call<PlanView>(`${service.url}/v1/plans`, 'POST', {
    tasks: Array.from({ length: tasks }, (_, task) => ({
      id: `t${task}`,
      prompt: report(task, findings),
      executor: 'echo',
    })),
    ...rest,
  })
  expect(status).toBe(202)
  return body.id
}

async function finished(planId: string): Promise<PlanView> {
  while (true) {
    const { body } = await call<PlanView>(`${service.url}/v1/plans/${planId}?wait=5`)
    if (['succeeded', 'partial', 'failed', 'cancelled'].includes(body.status)) return body
  }
}

async function versions(planId: string): Promise<Synthesis[]> {
  const { body } = await call<{ items: Synthesis[] }>(`${service.url}/v1/plans/${planId}/syntheses`)
  return body.items
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** Every finding once, in a finding that exists, or dropped with a reason. */
function expectExact(synthesis: Synthesis | undefined, tasks: number, findings: number): void {
  if (synthesis === undefined) throw new Error('there is no synthesis')
  const expected = Array.from({ length: tasks }, (_, task) =>
    Array.from({ length: findings }, (__, at) => `t${task}/${at + 1}`),
  ).flat()
  expect(synthesis.ledger.map(({ finding }) => finding)).toEqual(expected)
  const ids = new Map(synthesis.findings.map((finding) => [finding.id, finding]))
  const homes = new Set<string>()
  for (const { finding, fate, into, reason } of synthesis.ledger) {
    if (fate === 'dropped') {
      expect([into, reason?.trim() === '']).toEqual([undefined, false])
      continue
    }
    const taskId = finding.slice(0, finding.indexOf('/'))
    expect(ids.get(into ?? '')?.sources).toContain(taskId)
    if (fate === 'kept') homes.add(into ?? '')
  }
  expect(homes.size).toBe(ids.size)
  for (const { findings: about } of synthesis.actions) {
    for (const id of about) expect(ids.has(id)).toBe(true)
  }
}

/** What is left of parts, in the plan's keys and in the queues. */
async function leftOfParts(planId: string): Promise<string[]> {
  const keys = await redis.keys('*')
  return keys.filter(
    (key) =>
      key.endsWith(`:plan:${planId}:parts`) ||
      (key.includes(planId) && /:parts:|:syntheses:/.test(key)),
  )
}

describe('a synthesis that is more than one call can hold', () => {
  test('a thousand tasks of twenty findings without a model: merged, each accounted for', async () => {
    await start(1, { TUTTI_MODEL: '' })
    const planId = await submit(1_000, 20)
    expect((await finished(planId)).status).toBe('succeeded')
    const [synthesis, ...more] = await versions(planId)
    expect(more).toEqual([])
    expectExact(synthesis, 1_000, 20)
    expect(synthesis?.executor).toBe('merge')
    // Three of twenty findings have a twin in the neighbouring task.
    expect(synthesis?.findings).toHaveLength(20_000 - 500 * 3)
    const twins = synthesis?.findings.filter(({ sources }) => sources.length === 2) ?? []
    expect(twins).toHaveLength(1_500)
    for (const twin of twins) expect(twin).toMatchObject({ severity: 'critical', confidence: 0.4 })
  }, 120_000)

  test('a thousand tasks of twenty findings in parts, by a model that drops some and writes garbage', async () => {
    write = (asked, number) => {
      if (number % 9 === 0) return 'I would rather not.'
      return keepAll(asked, (_, index) => (index + number) % 11 !== 0)
    }
    await start(2)
    const planId = await submit(1_000, 20)
    const plan = await finished(planId)
    const [synthesis, ...more] = await versions(planId)
    expect(more).toEqual([])
    expectExact(synthesis, 1_000, 20)
    expect(synthesis?.executor).toBe('model')
    expect(synthesis?.notes.join(' ')).toMatch(/Written in \d+ parts/)
    expect(synthesis?.notes.join(' ')).toMatch(/\d+ findings left out without a reason put back/)
    const back = synthesis?.ledger.filter(({ reason }) => reason?.includes('put back')) ?? []
    expect(back.length).toBeGreaterThan(1_000)
    expect(synthesis?.summary).toMatch(/^Over \d+ findings\.$/)
    // Leaves, a level above them, and the whole; every call is counted once.
    expect(new Set(provider.calls.map(({ parts }) => parts > 0))).toEqual(new Set([true, false]))
    for (const { findings } of provider.calls) expect(findings.length).toBeLessThanOrEqual(200)
    expect(plan.usage.steps).toBe(provider.calls.length)
    expect(synthesis?.usage.steps).toBe(provider.calls.length)
    expect(await leftOfParts(planId)).toEqual([])
  }, 180_000)

  test('workers killed between parts, and over the whole, leave one version with an exact ledger', async () => {
    await start(2)
    const release = provider.hold()
    const planId = await submit(60, 20)
    await until(() => provider.open() >= 4)
    await service.workers[0]?.end('SIGKILL')
    release()
    await until(() => provider.calls.some(({ parts }) => parts > 0))
    const again = provider.hold()
    await service.workers[1]?.end('SIGKILL')
    await service.addWorker()
    again()
    const plan = await finished(planId)
    expect(plan).toMatchObject({ status: 'succeeded', synthesis: { version: 1 } })
    const [synthesis, ...more] = await versions(planId)
    expect(more).toEqual([])
    expectExact(synthesis, 60, 20)
    expect(synthesis?.executor).toBe('model')
    expect(await leftOfParts(planId)).toEqual([])
  }, 120_000)

  test('a worker told to end hands its parts to another', async () => {
    await start(1, { SHUTDOWN_GRACE_MS: '100' })
    const release = provider.hold()
    const planId = await submit(60, 20)
    await until(() => provider.open() >= 4)
    expect(await service.workers[0]?.end('SIGTERM')).toBe(0)
    release()
    await service.addWorker()
    expect(await finished(planId)).toMatchObject({ status: 'succeeded' })
    expectExact((await versions(planId))[0], 60, 20)
    expect(await leftOfParts(planId)).toEqual([])
  }, 120_000)

  test('a plan cancelled between parts ends with the merge, and asks the model no more', async () => {
    await start(1, { TUTTI_SYNTHESIS_CONCURRENCY: '4' })
    const release = provider.hold()
    const planId = await submit(60, 20)
    await until(() => provider.open() >= 4)
    const asked = provider.calls.length
    expect((await call(`${service.url}/v1/plans/${planId}/cancel`, 'POST')).status).toBe(200)
    await until(async () => (await versions(planId)).length === 1)
    const [synthesis] = await versions(planId)
    expectExact(synthesis, 60, 20)
    expect(synthesis?.executor).toBe('merge')
    expect(synthesis?.notes.join(' ')).toContain('The plan was stopped')
    expect(provider.calls).toHaveLength(asked)
    expect(provider.open()).toBe(0)
    release()
    await until(async () => (await leftOfParts(planId)).length === 0)
  }, 120_000)

  test('a plan deleted between parts leaves nothing behind', async () => {
    await start(1)
    const release = provider.hold()
    const planId = await submit(60, 20)
    await until(() => provider.open() >= 4)
    expect((await call(`${service.url}/v1/plans/${planId}`, 'DELETE')).status).toBe(204)
    await until(() => provider.open() === 0)
    release()
    await until(async () => (await redis.keys(`*${planId}*`)).length === 0)
  }, 120_000)

  test('one slot is enough for two of them, and for versions asked for later', async () => {
    await start(1, { TUTTI_SYNTHESIS_CONCURRENCY: '1' })
    const plans = await Promise.all([submit(30, 20), submit(30, 20)])
    await Promise.all(plans.map(finished))
    const [planId = ''] = plans
    const asked = await call(`${service.url}/v1/plans/${planId}/syntheses`, 'POST', {
      instructions: 'Only what is urgent.',
    })
    expect(asked.status).toBe(202)
    await until(async () => (await versions(planId)).length === 2)
    for (const version of await versions(planId)) {
      expectExact(version, 30, 20)
      expect(version.executor).toBe('model')
    }
    const urgent = provider.calls.filter(({ prompt }) => prompt.includes('Only what is urgent.'))
    expect(urgent.filter(({ parts }) => parts > 0)).toHaveLength(1)
    expect(urgent.length).toBeGreaterThan(3)
    expect(await leftOfParts(planId)).toEqual([])
  }, 120_000)

  test('a model that writes garbage only is replaced by the merge of the whole, which says so', async () => {
    write = () => 'Sorry, I cannot help with that.'
    await start(1)
    const planId = await submit(30, 20)
    await finished(planId)
    const [synthesis] = await versions(planId)
    expectExact(synthesis, 30, 20)
    expect(synthesis?.executor).toBe('merge')
    expect(synthesis?.notes.join(' ')).toContain('deterministic merge')
    expect(synthesis?.summary).toMatch(/^> The model did not write a usable synthesis/)
    // Three tries for each part, and none over parts that no model wrote.
    expect(provider.calls.filter(({ parts }) => parts > 0)).toEqual([])
    expect(provider.calls.length % 3).toBe(0)
  }, 120_000)
})
