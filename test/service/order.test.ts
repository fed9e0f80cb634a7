import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
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

interface Finished {
  id: string
  status: string
  counts: Record<string, number>
  waves: string[][]
}
interface TaskView {
  id: string
  status: string
  attemptCount: number
  dependsOn: string[]
  error?: { code: string; message: string }
  timings: { queuedAt: string; startedAt: string | null; finishedAt: string | null }
}

async function run(plan: object): Promise<{ plan: Finished; tasks: Map<string, TaskView> }> {
  const url = `${service.url}/v1/plans`
  const answer = await call<Finished>(url, 'POST', plan, { prefer: 'wait=60' })
  expect(answer.status).toBe(200)
  const tasks = new Map<string, TaskView>()
  let cursor: string | null = ''
  while (cursor !== null) {
    const page: { body: { items: TaskView[]; nextCursor: string | null } } = await call(
      `${url}/${answer.body.id}/tasks?limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`,
    )
    for (const task of page.body.items) tasks.set(task.id, task)
    cursor = page.body.nextCursor
  }
  return { plan: answer.body, tasks }
}

const at = (time: string | null | undefined) => Date.parse(time ?? 'never')

/** The most tasks that ran at one moment, by their timestamps. */
function mostAtOnce(tasks: Iterable<TaskView>): number {
  const edges: [number, number][] = []
  for (const { timings } of tasks) {
    edges.push([at(timings.startedAt), 1], [at(timings.finishedAt), -1])
  }
  // An end comes before a start of the same millisecond: one made room for the other.
  edges.sort((a, b) => a[0] - b[0] || a[1] - b[1])
  let running = 0
  let most = 0
  for (const [, change] of edges) {
    running += change
    most = Math.max(most, running)
  }
  return most
}

/** Random graphs: task i may depend on earlier ones, and now and then fails. */
const graph = fc.integer({ min: 1, max: 60 }).chain((count) =>
  fc.record({
    parents: fc.tuple(
      ...Array.from({ length: count }, (_, index) =>
        fc.uniqueArray(fc.integer({ min: 0, max: Math.max(0, index - 1) }), {
          maxLength: index === 0 ? 0 : 4,
        }),
      ),
    ),
    fails: fc.array(fc.integer({ min: 0, max: count - 1 }), { maxLength: 3 }),
    delays: fc.array(fc.integer({ min: 0, max: 15 }), { minLength: count, maxLength: count }),
    maxConcurrency: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
  }),
)

describe('order', () => {
  test('in any graph, no task starts before its dependencies end, and every one ends exactly once', async () => {
    await fc.assert(
      fc.asyncProperty(graph, async ({ parents, fails, delays, maxConcurrency }) => {
        const failing = new Set(fails)
        const { plan, tasks } = await run({
          tasks: parents.map((list, index) =>
            echoTask(
              `t${index}`,
              { delayMs: delays[index] ?? 0, ...(failing.has(index) ? { failAttempts: 1 } : {}) },
              { dependsOn: list.map((parent) => `t${parent}`), attempts: 1 },
            ),
          ),
          policy: maxConcurrency === undefined ? {} : { maxConcurrency },
        })
        expect(plan.counts).toMatchObject({ queued: 0, running: 0 })
        const expected: boolean[] = []
        parents.forEach((list, index) => {
          const ready = list.every((parent) => expected[parent])
          expected.push(ready && !failing.has(index))
          const task = tasks.get(`t${index}`)
          expect(task?.status).toBe(
            ready ? (failing.has(index) ? 'failed' : 'succeeded') : 'skipped',
          )
          expect(task?.attemptCount).toBe(ready ? 1 : 0)
          if (!ready) return
          for (const parent of list) {
            const ended = at(tasks.get(`t${parent}`)?.timings.finishedAt)
            expect(at(task?.timings.startedAt)).toBeGreaterThanOrEqual(ended)
          }
        })
        if (maxConcurrency !== undefined) {
          const ran = [...tasks.values()].filter((task) => task.timings.startedAt !== null)
          expect(mostAtOnce(ran)).toBeLessThanOrEqual(maxConcurrency)
        }
      }),
      { numRuns: Number(process.env.RUNS ?? 40) },
    )
  }, 600_000)

  test('a sequential plan has one task in progress at a time, in the order given', async () => {
    const { tasks } = await run({
      mode: 'sequential',
      tasks: Array.from({ length: 6 }, (_, index) => echoTask(`t${index}`, { delayMs: 30 })),
    })
    expect(mostAtOnce(tasks.values())).toBe(1)
    const starts = [...tasks.values()].map((task) => at(task.timings.startedAt))
    expect(starts).toEqual([...starts].sort((a, b) => a - b))
  })

  test('maxConcurrency holds for a plan of many tasks, over two workers', async () => {
    const { plan, tasks } = await run({
      policy: { maxConcurrency: 20 },
      tasks: Array.from({ length: 600 }, (_, index) => echoTask(`t${index}`, { delayMs: 10 })),
    })
    expect(plan.status).toBe('succeeded')
    expect(mostAtOnce(tasks.values())).toBeLessThanOrEqual(20)
  })

  test('a dependent task gets the outputs of its dependencies', async () => {
    const { plan } = await run({
      tasks: [
        { id: 'first', prompt: 'The word is ULTRAMARINE.', executor: 'echo' },
        { id: 'second', prompt: 'What was the word?', executor: 'echo', dependsOn: ['first'] },
      ],
    })
    const { body } = await call<{ task: { output: string } }>(
      `${service.url}/v1/plans/${plan.id}/tasks/second/output`,
    )
    expect(body.task.output).toContain('ULTRAMARINE')
  })

  test('a failed dependency skips its dependents, which say why, and the plan is partial', async () => {
    const { plan, tasks } = await run({
      tasks: [
        echoTask('a', { failAttempts: 5 }, { attempts: 1 }),
        echoTask('b', {}, { dependsOn: ['a'] }),
        echoTask('c', {}, { dependsOn: ['b'] }),
        echoTask('d'),
      ],
    })
    expect(plan.status).toBe('partial')
    expect(tasks.get('b')).toMatchObject({
      status: 'skipped',
      error: { code: 'dependency-failed' },
    })
    expect(tasks.get('b')?.error?.message).toContain('a')
    expect(tasks.get('c')?.status).toBe('skipped')
    expect(tasks.get('d')?.status).toBe('succeeded')
  })

  test('a chain as long as a plan may be is skipped to its end, and cancelled', async () => {
    const chain = (options: object) => ({
      synthesis: false,
      tasks: Array.from({ length: 10_000 }, (_, index) =>
        index === 0
          ? echoTask('t0', { ...options }, { attempts: 1 })
          : echoTask(`t${index}`, {}, { dependsOn: [`t${index - 1}`] }),
      ),
    })
    const url = `${service.url}/v1/plans`
    const failed = await call<Finished>(url, 'POST', chain({ failAttempts: 1 }), {
      prefer: 'wait=60',
    })
    expect(failed.body).toMatchObject({ status: 'failed', counts: { failed: 1, skipped: 9_999 } })
    const { body } = await call<Finished>(url, 'POST', chain({ hang: true }))
    expect((await call(`${url}/${body.id}/cancel`, 'POST')).status).toBe(200)
    const { body: stopped } = await call<Finished>(`${url}/${body.id}?wait=30`)
    expect(stopped).toMatchObject({ status: 'cancelled', counts: { queued: 0, running: 0 } })
  })

  test('onFailure: abort stops what has not begun, and keeps what was finished', async () => {
    const { plan, tasks } = await run({
      policy: { onFailure: 'abort' },
      tasks: [
        echoTask('done'),
        echoTask('bad', { delayMs: 150, failAttempts: 1 }, { attempts: 1 }),
        echoTask('running', { hang: true }),
        echoTask('waiting', {}, { dependsOn: ['running'] }),
      ],
    })
    expect(plan.status).toBe('partial')
    expect(tasks.get('done')?.status).toBe('succeeded')
    expect(tasks.get('running')).toMatchObject({ status: 'cancelled', error: { code: 'aborted' } })
    expect(tasks.get('waiting')?.status).toBe('skipped')
  })

  test('a retried task brings its skipped dependents back, and a second synthesis', async () => {
    const { plan } = await run({
      tasks: [
        echoTask('a', { failAttempts: 1 }, { attempts: 1 }),
        echoTask('b', {}, { dependsOn: ['a'] }),
      ],
    })
    expect(plan.status).toBe('failed')
    const self = `${service.url}/v1/plans/${plan.id}`
    expect((await call(`${self}/tasks/a/retry`, 'POST')).status).toBe(202)
    const { body } = await call<Finished & { synthesis: { version: number } }>(`${self}?wait=30`)
    expect(body).toMatchObject({ status: 'succeeded', synthesis: { version: 2 } })
  })
})
