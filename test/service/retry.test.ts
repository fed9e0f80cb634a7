import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { call, echoTask, type Service, startService } from '../support/service.ts'

let service: Service

beforeAll(async () => {
  service = await startService({
    redisUrl: inject('redisUrl'),
    prefix: `test-${randomUUID().slice(0, 8)}`,
    workers: 2,
  })
})

afterAll(() => service.stop())

interface TaskView {
  id: string
  status: string
  dependsOn: string[]
  attempts: { outcome: string; startedAt: string; finishedAt: string }[]
}

test('tasks that are retried side by side keep to the limit of their plan', async () => {
  const ids = ['a', 'b', 'c', 'd']
  const { body: plan } = await call<{ id: string; status: string }>(
    `${service.url}/v1/plans`,
    'POST',
    {
      mode: 'sequential',
      tasks: ids.map((id) => echoTask(id, { delayMs: 100, failAttempts: 1 }, { attempts: 1 })),
    },
    { prefer: 'wait=60' },
  )
  expect(plan.status).toBe('failed')
  const self = `${service.url}/v1/plans/${plan.id}`
  const answers = await Promise.all(ids.map((id) => call(`${self}/tasks/${id}/retry`, 'POST')))
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202])
  const { body: finished } = await call(`${self}?wait=60`)
  expect(finished).toMatchObject({ status: 'succeeded', counts: { succeeded: 4 } })
  const tasks = await Promise.all(
    ids.map(async (id) => (await call<TaskView>(`${self}/tasks/${id}`)).body),
  )
  const again = tasks
    .map(({ attempts }) => attempts)
    .map(([first, second, ...more]) => {
      expect([first?.outcome, second?.outcome, more]).toEqual(['failed', 'succeeded', []])
      return [Date.parse(second?.startedAt ?? ''), Date.parse(second?.finishedAt ?? '')] as const
    })
    .sort(([a], [b]) => a - b)
  again.slice(1).forEach(([start], at) => {
    expect(start).toBeGreaterThanOrEqual(again[at]?.[1] ?? Infinity)
  })
})

test('a task that is retried runs after what it depends on, and not without it', async () => {
  const failing = { failAttempts: 1 }
  const { body: plan } = await call<{ id: string; counts: object }>(
    `${service.url}/v1/plans`,
    'POST',
    {
      tasks: [
        echoTask('a', failing, { attempts: 1 }),
        echoTask('b', failing, { attempts: 1 }),
        echoTask('after-a', {}, { dependsOn: ['a'] }),
        echoTask('after-both', {}, { dependsOn: ['after-a', 'b'] }),
      ],
    },
    { prefer: 'wait=60' },
  )
  expect(plan.counts).toMatchObject({ failed: 2, skipped: 2 })
  const self = `${service.url}/v1/plans/${plan.id}`
  const retry = (id: string) => call<{ detail: string }>(`${self}/tasks/${id}/retry`, 'POST')
  const refused = await retry('after-a')
  expect(refused.status).toBe(409)
  expect(refused.body.detail).toBe(
    'The task a is failed, and after-a depends on it: retry that one, and after-a runs after it.',
  )
  expect((await retry('a')).status).toBe(202)
  const { body: half } = await call(`${self}?wait=60`)
  expect(half).toMatchObject({ counts: { succeeded: 2, failed: 1, skipped: 1 } })
  expect((await retry('b')).status).toBe(202)
  const { body: whole } = await call(`${self}?wait=60`)
  expect(whole).toMatchObject({ status: 'succeeded', counts: { succeeded: 4 } })
})

test('a task is not retried while another one runs with its output', async () => {
  const { body: plan } = await call<{ id: string }>(`${service.url}/v1/plans`, 'POST', {
    tasks: [echoTask('a', {}), echoTask('after-a', { hang: true }, { dependsOn: ['a'] })],
  })
  const self = `${service.url}/v1/plans/${plan.id}`
  await call(`${self}/tasks/a/output?block=true`)
  const retry = () => call<{ detail: string }>(`${self}/tasks/a/retry`, 'POST')
  const refused = await retry()
  expect(refused.status).toBe(409)
  expect(refused.body.detail).toBe(
    'The task after-a has not ended, and it uses the output of a, which may change: retry when it has.',
  )
  expect((await call(`${self}/tasks/after-a/cancel`, 'POST')).status).toBe(200)
  await expect.poll(async () => (await retry()).status).toBe(202)
  const { body: ended } = await call(`${self}?wait=60`)
  expect(ended).toMatchObject({ counts: { succeeded: 1, cancelled: 1 } })
})

/** Random graphs, and what somebody asks for while they run and after. */
const mess = fc.integer({ min: 2, max: 12 }).chain((count) =>
  fc.record({
    parents: fc.tuple(
      ...Array.from({ length: count }, (_, index) =>
        fc.uniqueArray(fc.integer({ min: 0, max: Math.max(0, index - 1) }), {
          maxLength: index === 0 ? 0 : 3,
        }),
      ),
    ),
    fails: fc.array(fc.nat(count - 1), { maxLength: 4 }),
    limit: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    steps: fc.array(
      fc.record({
        act: fc.constantFrom('retry', 'retry', 'retry', 'cancel', 'all'),
        task: fc.nat(count - 1),
        pauseMs: fc.nat(15),
      }),
      { minLength: 3, maxLength: 12 },
    ),
  }),
)

test('under random retries and cancels, every task ends, in order and within the limit', async () => {
  await fc.assert(
    fc.asyncProperty(mess, async ({ parents, fails, limit, steps }) => {
      const { body: plan } = await call<{ id: string }>(`${service.url}/v1/plans`, 'POST', {
        tasks: parents.map((list, index) =>
          echoTask(
            `t${index}`,
            { delayMs: 10, ...(fails.includes(index) ? { failAttempts: 1 } : {}) },
            { dependsOn: list.map((parent) => `t${parent}`), attempts: 1 },
          ),
        ),
        ...(limit === undefined ? {} : { policy: { maxConcurrency: limit } }),
      })
      const self = `${service.url}/v1/plans/${plan.id}`
      const asked: Promise<{ status: number }>[] = []
      for (const { act, task, pauseMs } of steps) {
        if (act === 'all') {
          asked.push(...parents.map((_, at) => call(`${self}/tasks/t${at}/retry`, 'POST')))
        } else {
          asked.push(call(`${self}/tasks/t${task}/${act}`, 'POST'))
        }
        await delay(pauseMs)
      }
      for (const { status } of await Promise.all(asked)) expect([200, 202, 409]).toContain(status)
      const { body: ended } = await call<{ status: string; counts: Record<string, number> }>(
        `${self}?wait=20`,
      )
      expect(ended.counts).toMatchObject({ queued: 0, running: 0 })
      expect(['succeeded', 'partial', 'failed']).toContain(ended.status)
      const tasks = await Promise.all(
        parents.map(async (_, at) => (await call<TaskView>(`${self}/tasks/t${at}`)).body),
      )
      const runs = tasks.flatMap(({ attempts }) =>
        attempts.map(({ startedAt, finishedAt }) => [
          Date.parse(startedAt),
          Date.parse(finishedAt),
        ]),
      )
      if (limit !== undefined) expect(mostAtOnce(runs)).toBeLessThanOrEqual(limit)
      // No worker died, so nothing ran twice.
      expect(tasks.flatMap(({ attempts }) => attempts.map(({ outcome }) => outcome))).not.toContain(
        'lost',
      )
      // Each time a task began, some run of what it depends on had succeeded before.
      const early = tasks.flatMap(({ id, dependsOn, attempts }) =>
        attempts.flatMap(({ startedAt }) =>
          dependsOn
            .map((parent) => tasks.find((task) => task.id === parent))
            .filter(
              (parent) =>
                !parent?.attempts.some(
                  ({ outcome, finishedAt }) => outcome === 'succeeded' && finishedAt <= startedAt,
                ),
            )
            .map((parent) => ({ id, startedAt, parent: parent?.id, ran: parent?.attempts })),
        ),
      )
      expect(early).toEqual([])
    }),
    { numRuns: Number(process.env.RUNS ?? 15) },
  )
}, 300_000)

/** The most of these spans of time that overlap. */
function mostAtOnce(spans: number[][]): number {
  const edges = spans.flatMap(([start = 0, end = 0]) => [[start, 1] as const, [end, -1] as const])
  // An end comes before a start of the same millisecond: one made room for the other.
  edges.sort((a, b) => a[0] - b[0] || a[1] - b[1])
  let open = 0
  let most = 0
  for (const [, change] of edges) {
    open += change
    most = Math.max(most, open)
  }
  return most
}
