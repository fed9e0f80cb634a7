import type { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { changePlans } from '../../src/core/change/change-plans.ts'
import { submitPlan } from '../../src/core/submit/submit-plan.ts'
import { type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { echoPlan, openUseCases, type UseCases } from '../support/use-cases.ts'

const TENANT = 'default'
const TASKS = 1_600
/** Some twenty for each of the tasks that one script handles, far fewer than the plan has tasks. */
const MOST_COMMANDS = 2_000

let server: RedisServer
let service: UseCases

beforeEach(async () => {
  server = await startRedisServer()
  service = await openUseCases(server.url)
})

afterEach(async () => {
  await service.close()
  await server.stop()
})

type Script = (this: unknown, ...args: unknown[]) => Promise<unknown>

/** Notes how many commands each call of a script sends, during which Redis answers nobody else. */
function countCommands(redis: Redis): { script: string; commands: number }[] {
  const calls: { script: string; commands: number }[] = []
  const scripts = redis as unknown as Record<string, Script>
  for (const name of ['cancel-tasks', 'retry-tasks', 'settle-tasks', 'stop-plan']) {
    const script = scripts[`tutti:${name}`] as Script
    scripts[`tutti:${name}`] = async (...args) => {
      const counted = redis.multi().config('RESETSTAT')
      void script.apply(counted, args)
      const replies = (await counted.info('commandstats').exec()) ?? []
      const [, reply, stats] = replies.map(([error, value]) => {
        if (error !== null) throw error
        return value
      })
      const counts = [...String(stats).matchAll(/calls=(\d+)/g)].map(([, count]) => Number(count))
      calls.push({ script: name, commands: counts.reduce((sum, count) => sum + count, 0) })
      return reply
    }
  }
  return calls
}

const ids = Array.from({ length: TASKS }, (_, at) => `t${at}`)

test.each([
  ['with a limit', () => [], { policy: { maxConcurrency: 8 } }],
  ['behind one task', (at: number) => (at === 0 ? [] : ['t0']), {}],
])(
  'no script about a large plan %s keeps others waiting for all of its tasks',
  async (_, dependsOn: (at: number) => string[], rest) => {
    const tasks = Object.fromEntries(ids.map((id, at) => [id, dependsOn(at)]))
    const body = echoPlan(tasks, rest)
    const submission = { tenant: TENANT, body, idempotencyKey: undefined }
    const { id } = (await submitPlan(service.submitting, submission)).record.spec
    const calls = countCommands(service.redis)
    const { cancel, retry } = changePlans(service.changing)
    await cancel(TENANT, id, { status: ['queued'] })
    await retry(TENANT, id, {})
    await cancel(TENANT, id, { tasks: ids })
    await retry(TENANT, id, {})
    await cancel(TENANT, id)
    const used = new Set(calls.map(({ script }) => script))
    expect(used.size).toBe(4)
    expect(calls.filter(({ commands }) => commands > MOST_COMMANDS)).toEqual([])
  },
  120_000,
)
