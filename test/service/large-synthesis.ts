import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect } from 'vitest'
import type { Synthesis } from '../../src/core/contract/synthesis.ts'
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

/** Of the test that runs. */
export const now: {
  server: RedisServer
  redis: Redis
  service: Service
  provider: SynthesizingProvider
  /** What the model writes. */
  write: (call: SynthesisCall, number: number) => string
} = Object.create(null)

/** A Redis and a model for each test of the file; the service is started by the test. */
export function prepareEachTest(): void {
  beforeEach(async () => {
    now.server = await startRedisServer()
    now.redis = new Redis(now.server.url)
    now.write = (asked) => keepAll(asked)
    now.provider = await startSynthesizingProvider((asked, number) => now.write(asked, number))
  })
  afterEach(async () => {
    await now.service.stop()
    await now.provider.close()
    now.redis.disconnect()
    await now.server.stop()
  })
}

export async function start(workers: number, env: Record<string, string> = {}): Promise<void> {
  now.service = await startService({
    redisUrl: now.server.url,
    prefix: `test-${randomUUID().slice(0, 8)}`,
    workers,
    env: { TUTTI_MODEL: 'local:synthesizing', LOCAL_BASE_URL: now.provider.url, ...env },
  })
}

/** Every seventh finding of a task is the same as that of the task before, worded alike. */
export function report(task: number, findings: number): string {
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

export async function submit(tasks: number, findings: number, rest: object = {}): Promise<string> {
  const { status, body } = await call<PlanView>(`${now.service.url}/v1/plans`, 'POST', {
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

export async function finished(planId: string): Promise<PlanView> {
  while (true) {
    const { body } = await call<PlanView>(`${now.service.url}/v1/plans/${planId}?wait=5`)
    if (['succeeded', 'partial', 'failed', 'cancelled'].includes(body.status)) return body
  }
}

export async function versions(planId: string): Promise<Synthesis[]> {
  const { body } = await call<{ items: Synthesis[] }>(
    `${now.service.url}/v1/plans/${planId}/syntheses`,
  )
  return body.items
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** Every finding once, in a finding that exists, or dropped with a reason. */
export function expectExact(
  synthesis: Synthesis | undefined,
  tasks: number,
  findings: number,
): void {
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

/** Leftovers of parts, in the plan's keys and in the queues. */
export async function leftOfParts(planId: string): Promise<string[]> {
  const keys = await now.redis.keys('*')
  return keys.filter(
    (key) =>
      key.endsWith(`:plan:${planId}:parts`) ||
      (key.includes(planId) && /:parts:|:syntheses:/.test(key)),
  )
}
