import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type RedisServer, startRedisServer } from '../support/redis-server.ts'
import {
  call,
  echoTask,
  finished,
  running,
  type Service,
  startService,
} from '../support/service.ts'

interface PlanView {
  id: string
  status: string
  counts: Record<string, number>
}

let server: RedisServer
let redis: Redis
let service: Service

beforeEach(async () => {
  server = await startRedisServer()
  redis = new Redis(server.url)
})

afterEach(async () => {
  await service.stop()
  redis.disconnect()
  await server.stop()
})

async function start(workers: number, env: Record<string, string> = {}): Promise<void> {
  const prefix = `test-${randomUUID().slice(0, 8)}`
  service = await startService({ redisUrl: server.url, prefix, workers, env })
}

const submit = (body: object, key: string) =>
  call<PlanView>(`${service.url}/v1/plans`, 'POST', body, { 'idempotency-key': key })

test('a key whose plan was deleted while it ran makes a plan that runs to its end with its own context and files', async () => {
  await start(2)
  const body = (text: string, options: Record<string, unknown>) => ({
    context: `The context is ${text}.`,
    workspace: { files: { 'config.js': `const apiKey = "${text}"; eval(input)` } },
    tasks: [
      echoTask('a', options),
      echoTask('b', options, { dependsOn: ['a'] }),
      { id: 'look', prompt: 'Look for eval.', executor: 'static' },
    ],
  })
  const key = randomUUID()
  const old = await submit(body('old', { hang: true }), key)
  await running(service, old.body.id, 1)
  expect((await call(`${service.url}/v1/plans/${old.body.id}`, 'DELETE')).status).toBe(204)
  const young = await submit(body('new', {}), key)
  expect(young.status).toBe(202)
  const planId = young.body.id
  expect(await finished(service, planId)).toMatchObject({
    status: 'succeeded',
    counts: { succeeded: 3 },
  })
  const { body: task } = await call<{ task: { output: string } }>(
    `${service.url}/v1/plans/${planId}/tasks/b/output`,
  )
  expect(JSON.stringify(task)).toContain('The context is new.')
  expect((await call(`${service.url}/v1/plans/${old.body.id}`)).status).toBe(404)
  await expect.poll(() => redis.keys(`*${old.body.id}*`), { timeout: 20_000 }).toEqual([])
})

test('an API that is suspended while submitting, and later continues, duplicates and undoes nothing', async () => {
  await start(1)
  const tasks = ['a', 'b', 'c'].map((id) => echoTask(id))
  const body = { mode: 'sequential', tasks, context: 'c'.repeat(200_000) }
  const other = await startService({ redisUrl: server.url, prefix: service.prefix, workers: 0 })
  const ended: PlanView[] = []
  try {
    for (let round = 0; round < 4; round += 1) {
      const key = randomUUID()
      const first = submit(body, key)
      // Another moment each time.
      await delay(round * 5)
      process.kill(service.api.pid, 'SIGSTOP')
      const { status, body: plan } = await call<PlanView>(`${other.url}/v1/plans`, 'POST', body, {
        'idempotency-key': key,
      })
      expect(status).toBe(202)
      ended.push(await finished(other, plan.id))
      process.kill(service.api.pid, 'SIGCONT')
      expect((await first).body.id).toBe(plan.id)
    }
  } finally {
    process.kill(service.api.pid, 'SIGCONT')
    await other.stop()
  }
  expect(ended.map(({ status }) => status)).toEqual(Array(4).fill('succeeded'))
  const { body: list } = await call<{ items: PlanView[] }>(`${service.url}/v1/plans`)
  expect(list.items).toHaveLength(4)
  expect(list.items.every(({ status }) => status === 'succeeded')).toBe(true)
}, 180_000)
