import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Plan, type PlanSubmission, type TaskSummary, tutti } from '../../src/client/index.ts'
import { type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { echoTask, type Service, startService } from '../support/service.ts'

// Processes are killed and stopped at random while plans run, and one worker's clock is an hour ahead. `KILLS=100 vitest run test/service/chaos.test.ts` kills
// more of them; `SEED` repeats the choices of a run that failed, though not its timing.
const KILLS = Number(process.env.KILLS ?? 10)
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)

const CLOCK_AHEAD = {
  NODE_OPTIONS: `--import=${new URL('../support/clock-ahead.ts', import.meta.url)}`,
}

let redis: RedisServer
let service: Service

beforeEach(async () => {
  redis = await startRedisServer()
  service = await startService({
    redisUrl: redis.url,
    prefix: `chaos-${randomUUID().slice(0, 8)}`,
    workers: 2,
  })
  await service.addWorker(CLOCK_AHEAD)
}, 300_000)
afterEach(async () => {
  await service.stop()
  await redis.stop()
})

/** Numbers from 0 to 1: Marsaglia, "Xorshift RNGs", 2003. */
function randomFrom(seed: number): () => number {
  let state = seed + 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

interface Expected {
  plan: PlanSubmission
  status: Plan['status']
  tasks: Record<string, TaskSummary['status']>
}

/** One of each kind: parallel, sequential, a graph with a failing branch, limited, with a flaky task. */
function planOf(kind: number, random: () => number): Expected {
  const delayMs = () => Math.round(random() * 400)
  const ids = Array.from({ length: 12 }, (_, at) => `t${at}`)
  const all = (status: TaskSummary['status']) => Object.fromEntries(ids.map((id) => [id, status]))
  const tasks = (rest: (at: number) => object = () => ({})) =>
    ids.map((id, at) => echoTask(id, { delayMs: delayMs(), outputBytes: 5_000 }, rest(at)))
  switch (kind % 5) {
    case 0:
      return { plan: { tasks: tasks() }, status: 'succeeded', tasks: all('succeeded') }
    case 1:
      return {
        plan: { tasks: tasks(), mode: 'sequential' },
        status: 'succeeded',
        tasks: all('succeeded'),
      }
    case 2: {
      const graph = tasks((at) => (at < 3 ? {} : { dependsOn: [`t${at - 3}`] }))
      graph[1] = echoTask('t1', { failAttempts: 9 }, { attempts: 1 })
      const skipped = { t4: 'skipped', t7: 'skipped', t10: 'skipped' } as const
      return {
        plan: { tasks: graph },
        status: 'partial',
        tasks: { ...all('succeeded'), t1: 'failed', ...skipped },
      }
    }
    case 3:
      return {
        plan: { tasks: tasks(), policy: { maxConcurrency: 3 } },
        status: 'succeeded',
        tasks: all('succeeded'),
      }
    default: {
      const flaky = tasks()
      flaky[0] = echoTask('t0', { failAttempts: 1, outputBytes: 5_000 }, { attempts: 3 })
      return { plan: { tasks: flaky }, status: 'succeeded', tasks: all('succeeded') }
    }
  }
}

test(`of ${KILLS} processes killed at random no plan notices more than lost attempts (SEED=${SEED})`, async () => {
  const random = randomFrom(SEED)
  const client = tutti({ baseUrl: service.url, retries: 60 })
  let killing = true
  const stopped: Promise<unknown>[] = []
  /** Long enough, now and then, for its leases to run out, and for another one to do its work again. */
  const standStill = async (pid: number, ms: number) => {
    process.kill(pid, 'SIGSTOP')
    await delay(ms)
    try {
      process.kill(pid, 'SIGCONT')
    } catch {
      // It was killed meanwhile.
    }
  }
  const killer = (async () => {
    for (let kill = 0; kill < KILLS; kill += 1) {
      await delay(200 + random() * 600)
      const chosen = random()
      if (chosen < 0.15) {
        await redis.kill()
        await redis.restart()
      } else if (chosen < 0.35) {
        await service.api.end('SIGKILL')
        await service.restartApi()
      } else if (chosen < 0.5) {
        const worker = service.workers[Math.floor(random() * service.workers.length)]
        if (worker !== undefined) stopped.push(standStill(worker.pid, 500 + random() * 16_000))
      } else {
        const [worker] = service.workers.splice(Math.floor(random() * service.workers.length), 1)
        await worker?.end(chosen < 0.9 ? 'SIGKILL' : 'SIGTERM')
        await service.addWorker(chosen < 0.6 ? CLOCK_AHEAD : {})
      }
    }
    killing = false
    await Promise.all(stopped)
  })()

  const submitted: { id: string; expected: Expected }[] = []
  for (let kind = 0; killing; kind += 1) {
    const expected = planOf(kind, random)
    const { id } = await client.plans.submit(expected.plan)
    submitted.push({ id, expected })
    await delay(100 + random() * 400)
  }
  await killer

  const store = new Redis(redis.url)
  for (const { id, expected } of submitted) {
    const plan = await client.plans.wait(id)
    const where = `seed ${SEED}, plan ${id}`
    expect(plan.status, where).toBe(expected.status)
    await client.syntheses.newest(id, { waitMs: 30_000 })
    expect(await client.syntheses.all(id), where).toHaveLength(1)
    const found: Record<string, string> = {}
    for await (const task of client.tasks.list(id)) found[task.id] = task.status
    expect(found, where).toEqual(expected.tasks)
    for (const [taskId, status] of Object.entries(found)) {
      if (status !== 'succeeded') continue
      const { task } = await client.tasks.output(id, taskId)
      expect(task.output?.length, where).toBe(5_000)
      const { attempts } = await client.tasks.get(id, taskId)
      // Whatever else happened to it, it succeeded exactly once.
      expect(
        attempts.filter(({ outcome }) => outcome === 'succeeded'),
        where,
      ).toHaveLength(1)
    }
    const [log] = await store.keys(`*:plan:${id}:events`)
    const ends = (await store.xrange(log ?? '', '-', '+'))
      .map(([, [, type, , data]]) => ({ type, data: JSON.parse(data ?? '{}') }))
      .filter(({ type }) => type === 'task.finished' || type === 'plan.finished')
      .map(({ type, data }) => `${type} ${data.taskId ?? ''}`)
    // Each end was told once.
    expect(new Set(ends).size, where).toBe(ends.length)
    expect(ends, where).toHaveLength(13)
  }
  store.disconnect()
  expect(submitted.length).toBeGreaterThan(KILLS / 2)
}, 900_000)
