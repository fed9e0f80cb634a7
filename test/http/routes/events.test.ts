import { once } from 'node:events'
import { expect, test, vi } from 'vitest'
import type { PlanEvent } from '../../../src/core/contract/api.ts'
import { aServer, rawConnection } from '../harness.ts'

/** For a busy machine. */
const PATIENT = { timeout: 60_000 }

function anEvent(id: number, type = 'task.started', data: Record<string, unknown> = {}): PlanEvent {
  return { id: `${id}-0`, type, data }
}

/** Reads a stream up to the given text. */
function reader(response: Response) {
  const chunks = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (chunks === undefined) throw new Error('no body')
  let text = ''
  return {
    async until(part: string): Promise<string> {
      while (!text.includes(part)) {
        const { value, done } = await chunks.read()
        if (done) throw new Error(`ended without ${part}: ${text}`)
        text += value
      }
      return text
    },
    async toEnd(): Promise<string> {
      for (let next = await chunks.read(); !next.done; next = await chunks.read()) {
        text += next.value
      }
      return text
    },
    cancel: () => chunks.cancel(),
  }
}

test('streams a snapshot, then every change, and ends after plan.finished', async () => {
  const { url, api } = await aServer()
  api.addPlan('p1x')
  const response = await fetch(`${url}/v1/plans/p1x/events`)
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(response.headers.get('cache-control')).toContain('no-store')
  const stream = reader(response)
  await stream.until('event: snapshot')
  api.emit('p1x', anEvent(1, 'task.started', { taskId: 'a', text: 'two\nlines' }))
  await stream.until('task.started')
  api.emit('p1x', anEvent(2, 'plan.finished'))
  expect(await stream.toEnd()).toBe(
    [
      'retry: 1000\n\n',
      'id: 0-0\nevent: snapshot\ndata: {"status":"running"}\n\n',
      'id: 1-0\nevent: task.started\ndata: {"taskId":"a","text":"two\\nlines"}\n\n',
      'id: 2-0\nevent: plan.finished\ndata: {}\n\n',
    ].join(''),
  )
})

test('sends no id for an event without one, so that a client resumes from the last id', async () => {
  const { url, api } = await aServer()
  api.addPlan('p1x')
  api.emit('p1x', { id: '', type: 'task.text', data: { text: 'Hel' } })
  api.emit('p1x', anEvent(1, 'plan.finished'))
  const text = await reader(await fetch(`${url}/v1/plans/p1x/events?tokens=true`)).toEnd()
  expect(text).toContain('\n\nevent: task.text\ndata: {"text":"Hel"}\n\n')
  expect(api.calls.at(-1)?.args[2]).toMatchObject({ lastEventId: undefined, tokens: true })
  await reader(await fetch(`${url}/v1/plans/p1x/events?taskId=security`)).toEnd()
  expect(api.calls.at(-1)?.args[2]).toMatchObject({ tokens: false, taskId: 'security' })
})

test.each([
  ['the header', { 'last-event-id': '1-0' }, ''],
  ['the query', {}, '?lastEventId=1-0'],
  ['the header before the query', { 'last-event-id': '1-0' }, '?lastEventId=9-0'],
  ['the query, when the header is empty', { 'last-event-id': '' }, '?lastEventId=1-0'],
])('resumes after the event in %s', async (_, headers, query) => {
  const { url, api } = await aServer()
  api.addPlan('p1x')
  for (const id of [1, 2]) api.emit('p1x', anEvent(id))
  api.emit('p1x', anEvent(3, 'plan.finished'))
  const response = await fetch(`${url}/v1/plans/p1x/events${query}`, { headers })
  const text = await reader(response).toEnd()
  expect(text.match(/^id: .*$/gm)).toEqual(['id: 2-0', 'id: 3-0'])
})

test('answers 204 when there is nothing more to come, so that a browser stops reconnecting', async () => {
  const { url, api } = await aServer()
  api.addPlan('p1x')
  api.emit('p1x', anEvent(1, 'plan.finished'))
  api.finish('p1x')
  const headers = { 'last-event-id': '1-0' }
  const response = await fetch(`${url}/v1/plans/p1x/events`, { headers })
  expect(response.status).toBe(204)
  const replay = await fetch(`${url}/v1/plans/p1x/events`)
  expect(await replay.text()).toContain('plan.finished')
})

test('answers a problem for a plan that is not there', async () => {
  const { url } = await aServer()
  for (const headers of [{}, { 'last-event-id': '1-0' }]) {
    const response = await fetch(`${url}/v1/plans/p1x/events`, { headers })
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ code: 'plan-not-found' })
  }
})

test('says that it lives while nothing changes', async () => {
  const { url, api } = await aServer({ heartbeatMs: 5 })
  api.addPlan('p1x')
  const stream = reader(await fetch(`${url}/v1/plans/p1x/events`))
  await stream.until(': still here\n\n: still here\n\n')
  api.emit('p1x', anEvent(1, 'plan.finished'))
  expect(await stream.toEnd()).toContain('event: plan.finished')
})

test('stops following when the caller goes', async () => {
  const { url, api } = await aServer()
  api.addPlan('p1x')
  const stream = reader(await fetch(`${url}/v1/plans/p1x/events`))
  await stream.until('snapshot')
  await vi.waitFor(() => expect(api.waiting()).toBe(1), PATIENT)
  await stream.cancel()
  await vi.waitFor(() => expect(api.waiting()).toBe(0), PATIENT)
})

test('reads no further than a slow caller does', async () => {
  const { port, api } = await aServer()
  api.addPlan('p1x')
  const count = 20_000
  let read = 0
  const payload = 'x'.repeat(1_000)
  vi.spyOn(api.events, 'follow').mockImplementation(async () =>
    (async function* () {
      for (; read < count; read++) yield anEvent(read, 'task.started', { payload })
    })(),
  )
  const socket = await rawConnection(port)
  socket.pause()
  socket.write('GET /v1/plans/p1x/events HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  // The service reads until everything on the way is full, and then no further.
  let before = -1
  await vi.waitFor(
    () => {
      const isStill = read === before && read > 0
      before = read
      expect(isStill).toBe(true)
    },
    { interval: 200, timeout: 60_000 },
  )
  expect(read).toBeLessThan(count)
  let received = 0
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length
  })
  socket.resume()
  await once(socket, 'end')
  expect(read).toBe(count)
  expect(received).toBeGreaterThan(count * payload.length)
})

test('cuts the connection when the events break off, so that the caller resumes', async () => {
  const { url, api } = await aServer()
  api.addPlan('p1x')
  vi.spyOn(api.events, 'follow').mockImplementation(async () =>
    (async function* () {
      yield anEvent(1)
      throw new Error('Connection is closed.')
    })(),
  )
  const response = await fetch(`${url}/v1/plans/p1x/events`)
  await expect(response.text()).rejects.toThrow()
})
