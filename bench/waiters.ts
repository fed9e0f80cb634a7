import { Agent, request } from 'node:http'
import { Redis } from 'ioredis'
import { startRedisServer } from '../test/support/redis-server.ts'
import { call, startService } from '../test/support/service.ts'
import { machine, percentile, table } from './figures.ts'

// 5,000 callers wait on one API process while 100 tasks end per second. Measures how long after a
// task's end, by Redis's clock on the same machine, its waiters have the whole answer. `node
// bench/waiters.ts`.

const PLANS = 200
const TASKS_A_PLAN = 5
const TASKS = PLANS * TASKS_A_PLAN
const TASKS_A_SECOND = 100
/** The first tasks end once everybody has had time to start waiting. */
const HEAD_START_MS = 15_000
const CALLERS = { outputOfEachTask: 4, streamOfEachPlan: 4, endOfEachPlan: 1 }

const redis = await startRedisServer()
const service = await startService({
  redisUrl: redis.url,
  prefix: 'bench-waiters',
  env: { TUTTI_CONCURRENCY: `${TASKS}`, LOG_LEVEL: 'warn' },
})
const agent = new Agent({ keepAlive: true, maxSockets: 10_000 })
const probe = new Redis(redis.url)
const connections = async () =>
  Number(/connected_clients:(\d+)/.exec(await probe.info('clients'))?.[1])

try {
  const before = await connections()
  const woken: Record<'outputs' | 'streams' | 'plans', number[]> = {
    outputs: [],
    streams: [],
    plans: [],
  }
  const endedAt = new Map<string, number>()
  const outputs: { task: string; at: number }[] = []
  const plans: { planId: string; at: number }[] = []

  const read = (path: string, onEnd: () => void, onChunk?: (text: string) => void) =>
    new Promise<void>((resolve, reject) => {
      const outgoing = request(`${service.url}/v1/plans/${path}`, { agent }, (response) => {
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => onChunk?.(chunk))
        response.on('end', () => {
          onEnd()
          resolve()
        })
      })
      outgoing.on('error', reject)
      outgoing.end()
    })

  const start = Date.now()
  const waits: Promise<void>[] = []
  const planIds: string[] = []
  for (let plan = 0; plan < PLANS; plan += 1) {
    const { body } = await call<{ id: string }>(`${service.url}/v1/plans`, 'POST', {
      tasks: Array.from({ length: TASKS_A_PLAN }, (_, at) => ({
        id: `t${at}`,
        prompt: 'Wait.',
        executor: 'echo',
        options: {
          // Tasks of all plans end one after another, whenever their plan was submitted.
          delayMs: Math.round(
            start +
              HEAD_START_MS +
              ((plan * TASKS_A_PLAN + at) * 1_000) / TASKS_A_SECOND -
              Date.now(),
          ),
        },
      })),
    })
    planIds.push(body.id)
  }
  for (const planId of planIds) {
    for (let at = 0; at < TASKS_A_PLAN * CALLERS.outputOfEachTask; at += 1) {
      const taskId = `t${at % TASKS_A_PLAN}`
      waits.push(
        read(`${planId}/tasks/${taskId}/output?block=true&timeout=120000`, () =>
          outputs.push({ task: `${planId} ${taskId}`, at: Date.now() }),
        ),
      )
    }
    for (let at = 0; at < CALLERS.streamOfEachPlan; at += 1) {
      waits.push(
        read(
          `${planId}/events`,
          () => undefined,
          (text) => {
            const now = Date.now()
            for (const match of text.matchAll(/event: task\.finished\ndata: (.*)\n/g)) {
              const event = JSON.parse(match[1] ?? '{}') as { taskId: string; at: string }
              endedAt.set(`${planId} ${event.taskId}`, Date.parse(event.at))
              woken.streams.push(now - Date.parse(event.at))
            }
          },
        ),
      )
    }
    waits.push(read(`${planId}?wait=120`, () => plans.push({ planId, at: Date.now() })))
  }
  const begunAfterMs = Date.now() - start
  const during = await connections()
  await Promise.all(waits)
  for (const { task, at } of outputs) woken.outputs.push(at - (endedAt.get(task) ?? Number.NaN))
  for (const { planId, at } of plans) {
    const { body } = await call<{ finishedAt: string }>(`${service.url}/v1/plans/${planId}`)
    woken.plans.push(at - Date.parse(body.finishedAt))
  }

  const all = [...woken.outputs, ...woken.streams, ...woken.plans]
  const row = (label: string, callers: number, values: number[]) => [
    label,
    `${callers}`,
    `${values.length}`,
    `${percentile(values, 50)}`,
    `${percentile(values, 99)}`,
    `${percentile(values, 100)}`,
  ]
  process.stdout.write(`${machine()}\n`)
  process.stdout.write(
    `Connections to Redis: ${before} before, ${during} with all callers waiting\n\n`,
  )
  process.stdout.write(`All callers were waiting after ${begunAfterMs} ms\n\n`)
  process.stdout.write(
    table(
      ['waiting by', 'callers', 'wake-ups', 'p50 ms', 'p99 ms', 'max ms'],
      [
        row('long-polls of outputs', TASKS * CALLERS.outputOfEachTask, woken.outputs),
        row('event streams', PLANS * CALLERS.streamOfEachPlan, woken.streams),
        row('long-polls of plans', PLANS * CALLERS.endOfEachPlan, woken.plans),
        row('all', waits.length, all),
      ],
    ),
  )
} finally {
  probe.disconnect()
  agent.destroy()
  await service.stop()
  await redis.stop()
}
