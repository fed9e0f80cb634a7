import { randomUUID } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type PlanEvent, tutti } from '../../src/client/index.ts'
import { call, type Service, startService } from '../support/service.ts'

// What tasks write while they run, read along by several readers, on a provider that writes when told.

let service: Service
let provider: Awaited<ReturnType<typeof startWriter>>
const prefix = `test-${randomUUID().slice(0, 8)}`

/** Speaks OpenAI's chat completions. Answers stay open until they are ended here. */
async function startWriter() {
  const open = new Map<string, ServerResponse>()
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (piece) => {
      body += piece
    })
    request.on('end', () => {
      const [, name = ''] = /Write (\w+)\./.exec(body) ?? []
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.flushHeaders()
      open.set(name, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const send = (name: string, choice: object) => {
    const chunk = { id: 'a', object: 'chat.completion.chunk', created: 0, model: 'm' }
    const choices = [{ index: 0, finish_reason: null, ...choice }]
    open.get(name)?.write(`data: ${JSON.stringify({ ...chunk, choices })}\n\n`)
  }
  return {
    url: `http://127.0.0.1:${port}/v1`,
    isOpen: (name: string) => open.has(name),
    write: (name: string, content: string) => send(name, { delta: { content } }),
    end(name: string) {
      send(name, { delta: {}, finish_reason: 'stop' })
      open.get(name)?.end('data: [DONE]\n\n')
      open.delete(name)
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

beforeAll(async () => {
  provider = await startWriter()
  service = await startService({
    redisUrl: inject('redisUrl'),
    prefix,
    env: { TUTTI_MODEL: 'local:writer', LOCAL_BASE_URL: provider.url },
  })
})
afterAll(async () => {
  await service.stop()
  await provider.close()
})

async function submit(...names: string[]): Promise<string> {
  const tasks = names.map((id) => ({ id, prompt: `Write ${id}.`, executor: 'model' }))
  const { body } = await call<{ id: string }>(`${service.url}/v1/plans`, 'POST', {
    tasks,
    synthesis: false,
  })
  await expect.poll(() => names.every(provider.isOpen), { timeout: 20_000 }).toBe(true)
  return body.id
}

/** Reads along until it is told to stop, or the plan is finished. */
function reader(planId: string, options: { tokens?: boolean; lastEventId?: string } = {}) {
  const abort = new AbortController()
  const seen: PlanEvent[] = []
  const { plans } = tutti({ baseUrl: service.url })
  const done = (async () => {
    const { tokens = true, ...rest } = options
    for await (const event of plans.events(planId, { tokens, ...rest, signal: abort.signal })) {
      seen.push(event)
    }
  })().catch(() => undefined)
  return {
    seen,
    done,
    textOf: (taskId: string) => textOf(seen, taskId),
    async stop() {
      abort.abort()
      await done
      return seen.at(-1)?.id
    },
  }
}

/** The text as a reader would put it together, which must have neither a gap nor a repeat. */
function textOf(events: readonly PlanEvent[], taskId: string): string {
  let text = ''
  for (const event of events) {
    if (event.type !== 'task.text' || event.data.taskId !== taskId) continue
    const { data } = event
    expect(data.offset).toBe(text.length)
    text += String(data.text)
  }
  return text
}

test('whoever reads along, comes late or comes back reads all of a text once and in order', async () => {
  const planId = await submit('one', 'two')
  const first = reader(planId)
  const resumed = reader(planId)
  provider.write('one', 'Hello ')
  provider.write('two', 'Other ')
  provider.write('one', 'world, ')
  await expect.poll(() => first.textOf('one')).toBe('Hello world, ')
  await expect.poll(() => resumed.textOf('one') + resumed.textOf('two')).toBe('Hello world, Other ')
  const lastEventId = await resumed.stop()
  provider.write('one', 'and ')
  await expect.poll(() => first.textOf('one')).toBe('Hello world, and ')
  const late = reader(planId)
  const again = reader(planId, lastEventId === undefined ? {} : { lastEventId })
  const quiet = reader(planId, { tokens: false })
  // What ends before a reader's stream begins, it would not be told.
  await expect.poll(() => [late, again, quiet].every(({ seen }) => seen.length > 0)).toBe(true)
  provider.write('one', 'good night. 🌙')
  provider.end('one')
  await expect.poll(() => first.seen.some(({ type }) => type === 'task.finished')).toBe(true)
  const latest = reader(planId)
  await expect.poll(() => latest.seen.length).toBeGreaterThan(0)
  provider.write('two', 'things.')
  provider.end('two')
  const all = [first, late, again, latest, quiet]
  await Promise.all(all.map(({ done }) => done))

  for (const { seen } of [first, late]) {
    expect(textOf(seen, 'one')).toBe('Hello world, and good night. 🌙')
    expect(textOf(seen, 'two')).toBe('Other things.')
  }
  expect(textOf([...resumed.seen, ...again.seen], 'one')).toBe('Hello world, and good night. 🌙')
  expect(textOf([...resumed.seen, ...again.seen], 'two')).toBe('Other things.')
  expect(again.seen.some(({ type }) => type === 'snapshot')).toBe(false)
  // What has ended by then is in its output.
  expect(textOf(latest.seen, 'one')).toBe('')
  expect(textOf(latest.seen, 'two')).toBe('Other things.')
  expect(quiet.seen.some(({ type }) => type === 'task.text')).toBe(false)
  for (const { seen } of all) {
    const types = seen.map(({ type, data }) => `${type} ${'taskId' in data ? data.taskId : ''}`)
    for (const id of ['one', 'two']) {
      const end = types.indexOf(`task.finished ${id}`)
      expect(types.lastIndexOf(`task.text ${id}`)).toBeLessThan(end === -1 ? types.length : end)
    }
    expect(types.at(-1)).toBe('plan.finished ')
    const ids = seen.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  }
})

test('tokens that come quickly are joined, and go a while after the plan has ended', async () => {
  const planId = await submit('quick')
  const words = Array.from({ length: 500 }, (_, at) => `word${at} `)
  for (const word of words) provider.write('quick', word)
  provider.end('quick')
  const all = reader(planId)
  await call(`${service.url}/v1/plans/${planId}?wait=30`)
  await all.done
  const redis = new Redis(inject('redisUrl'))
  const [key = ''] = await redis.keys(`{${prefix}*:plan:${planId}:text`)
  expect(await redis.xlen(key)).toBeLessThan(100)
  const ttlMs = await redis.pttl(key)
  expect(ttlMs).toBeGreaterThan(0)
  expect(ttlMs).toBeLessThanOrEqual(3_600_000)
  await call(`${service.url}/v1/plans/${planId}`, 'DELETE')
  expect(await redis.exists(key)).toBe(0)
  redis.disconnect()
})
