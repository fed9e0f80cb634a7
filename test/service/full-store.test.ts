import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { call, echoTask, finished, type Service, startService } from '../support/service.ts'

// In this order: what the first tests delete is not there for the later ones.

let server: RedisServer
let redis: Redis
let service: Service

beforeAll(async () => {
  server = await startRedisServer()
  redis = new Redis(server.url)
  service = await startService({
    redisUrl: server.url,
    prefix: `test-${randomUUID().slice(0, 8)}`,
    env: { TUTTI_RETENTION_MS: '20000' },
  })
})

afterAll(async () => {
  await service.stop()
  redis.disconnect()
  await server.stop()
})

async function submit(body: object = { tasks: [echoTask('a')] }): Promise<string> {
  const answer = await call<{ id: string }>(`${service.url}/v1/plans`, 'POST', body)
  expect(answer.status).toBe(202)
  return answer.body.id
}

const fill = () => redis.config('SET', 'maxmemory', '1mb')
const makeRoom = () => redis.config('SET', 'maxmemory', '0')

test('a store that is full answers 503 to what needs room, and plans are deleted from it all the same', async () => {
  const done = await submit()
  await finished(service, done)
  const waiting = await submit({
    tasks: [
      ...Array.from({ length: 200 }, (_, at) => echoTask(`t${at}`, { hang: true })),
      echoTask('held', {}, { dependsOn: ['t0'] }),
    ],
  })
  const kept = await submit()
  await finished(service, kept)
  await fill()
  const url = `${service.url}/v1/plans`
  const refused = await Promise.all([
    call(url, 'POST', { tasks: [echoTask('a')] }),
    call(url, 'POST', { tasks: [echoTask('a')] }, { 'idempotency-key': randomUUID() }),
    call(url, 'POST', { tasks: Array.from({ length: 600 }, (_, at) => echoTask(`t${at}`)) }),
    call(`${url}/${kept}/syntheses`, 'POST', {}),
    call(`${url}/${kept}/tasks/a/retry`, 'POST'),
    call(`${url}/${waiting}/cancel`, 'POST'),
    call(`${url}/${waiting}/tasks/t1/cancel`, 'POST'),
  ])
  for (const { status, headers, body } of refused) {
    expect(body).toMatchObject({ status: 503, code: 'unavailable' })
    expect(status).toBe(503)
    expect(headers.get('retry-after')).toMatch(/^\d+$/)
  }
  for (const path of [kept, `${kept}/tasks`, `${kept}/synthesis`, `${kept}/outputs`]) {
    expect((await call(`${url}/${path}`)).status).toBe(200)
  }
  const deleted = await Promise.all([done, waiting].map((id) => call(`${url}/${id}`, 'DELETE')))
  expect(deleted.map(({ status }) => status)).toEqual([204, 204])
  for (const id of [done, waiting]) expect((await call(`${url}/${id}`)).status).toBe(404)
  await expect.poll(() => redis.keys(`*${done}*`), { timeout: 60_000 }).toEqual([])
  await makeRoom()
  await expect.poll(() => redis.keys(`*${waiting}*`), { timeout: 60_000 }).toEqual([])
}, 240_000)

test('retention empties a full store, also where its processes start while it is full', async () => {
  const ids = await Promise.all(Array.from({ length: 20 }, () => submit()))
  await Promise.all(ids.map((id) => finished(service, id)))
  // A job whose worker is killed stays until there is room; this is about plans that are done with.
  const jobs = async () => (await redis.keys('*:tasks:p*')).filter((key) => key.endsWith('-0'))
  await expect.poll(jobs, { timeout: 60_000 }).toEqual([])
  await fill()
  await Promise.all([service.api.end('SIGTERM'), service.workers[0]?.end('SIGKILL')])
  await service.restartApi()
  await service.addWorker()
  const left = async () => (await Promise.all(ids.map((id) => redis.keys(`*${id}*`)))).flat()
  await expect.poll(left, { timeout: 120_000, interval: 500 }).toEqual([])
  await makeRoom()
  await finished(service, await submit())
}, 240_000)

test('a store that cannot write answers 503, and plans go once it can', async () => {
  const id = await submit()
  await finished(service, id)
  // A snapshot that cannot be written, as on a full disk: Redis refuses every write, deleting included.
  await mkdir(join(server.dataDir, 'dump.rdb'))
  await redis.config('SET', 'save', '3600 1')
  await redis.bgsave()
  const refusal = () => redis.set('any', '1').then(String, (error: Error) => error.message)
  await expect.poll(refusal, { timeout: 60_000 }).toContain('MISCONF')
  const { status, headers } = await call(`${service.url}/v1/plans/${id}`, 'DELETE')
  expect(status).toBe(503)
  expect(headers.get('retry-after')).toMatch(/^\d+$/)
  await redis.config('SET', 'save', '')
  await expect.poll(() => redis.keys(`*${id}*`), { timeout: 60_000 }).toEqual([])
}, 240_000)
