import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { followEvents, StreamRefused } from '../../dashboard/src/live/event-stream.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** Answers the first request with the first handler, and so on; the last one answers the rest. */
async function serve(
  ...handlers: Handler[]
): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    handlers[Math.min(requests.length, handlers.length) - 1]?.(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no address')
  return { url: `http://127.0.0.1:${address.port}/events`, requests }
}

const open = (response: ServerResponse) =>
  response.writeHead(200, { 'content-type': 'text/event-stream' })
const line = (id: string, type: string, data: unknown) =>
  `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`
const SNAPSHOT = line('1-0', 'snapshot', { plan: { status: 'running' }, tasks: [] })
const FINISHED = line('9-0', 'plan.finished', { status: 'succeeded' })

function follow(url: string, options: Partial<Parameters<typeof followEvents>[0]> = {}) {
  const types: string[] = []
  const states: string[] = []
  const abort = new AbortController()
  const done = followEvents({
    url,
    headers: () => ({ authorization: 'Bearer secret' }),
    signal: abort.signal,
    onEvents: (events) => types.push(...events.map(({ type }) => type)),
    onState: (state) => states.push(state),
    retryMs: 5,
    ...options,
  })
  return { types, states, abort, done }
}

test('reads events until the plan has finished, with the API key in a header', async () => {
  const { url, requests } = await serve((_, response) => {
    open(response).write(SNAPSHOT)
    response.end(FINISHED)
  })
  const followed = follow(url)
  await followed.done
  expect(followed.types).toEqual(['snapshot', 'plan.finished'])
  expect(followed.states).toEqual(['connecting', 'live', 'ended'])
  expect(requests[0]?.headers.authorization).toBe('Bearer secret')
})

test('resumes after the last event when the connection breaks, however often', async () => {
  const { url, requests } = await serve(
    (_, response) => open(response).write(SNAPSHOT, () => response.destroy()),
    (_, response) => response.destroy(),
    (_, response) => response.writeHead(503).end(),
    (_, response) => {
      open(response).write(line('2-0', 'task.started', { taskId: 'a' }), () => response.destroy())
    },
    (_, response) => open(response).end(FINISHED),
  )
  const followed = follow(url)
  await followed.done
  expect(followed.types).toEqual(['snapshot', 'task.started', 'plan.finished'])
  expect(requests.map(({ headers }) => headers['last-event-id'])).toEqual([
    undefined,
    '1-0',
    '1-0',
    '1-0',
    '2-0',
  ])
})

test('makes a new connection when nothing arrives any more, not even a heartbeat', async () => {
  const { url } = await serve(
    (_, response) => open(response).write(SNAPSHOT),
    (_, response) => open(response).end(FINISHED),
  )
  const followed = follow(url, { idleMs: 50 })
  await followed.done
  expect(followed.types).toEqual(['snapshot', 'plan.finished'])
  expect(followed.states).toContain('waiting')
})

test('ends with the snapshot of a plan that has finished, and on 204', async () => {
  const finished = await serve((_, response) =>
    open(response).end(line('1-0', 'snapshot', { plan: { status: 'partial' } })),
  )
  await follow(finished.url).done
  expect(finished.requests).toHaveLength(1)

  const nothingMore = await serve((_, response) => response.writeHead(204).end())
  await follow(nothingMore.url, { lastEventId: '9-0' }).done
  expect(nothingMore.requests).toHaveLength(1)
})

test('does not insist on a plan that is not there, or without a valid key', async () => {
  for (const status of [401, 403, 404]) {
    const { url, requests } = await serve((_, response) => response.writeHead(status).end())
    await expect(follow(url).done).rejects.toEqual(new StreamRefused(status))
    expect(requests).toHaveLength(1)
  }
})

test('skips what is not JSON, and joins events split between packets', async () => {
  const { url } = await serve((_, response) => {
    open(response).write('id: 1-0\nevent: snapshot\nda')
    response.write('ta: {"plan":{"status":"running"}}\n\n: heartbeat\n\nevent: odd\ndata: {\n\n')
    response.end(FINISHED)
  })
  const followed = follow(url)
  await followed.done
  expect(followed.types).toEqual(['snapshot', 'plan.finished'])
})

test('a pause ends when the service is known to be back, and so does a connection from before', async () => {
  const { url, requests } = await serve(
    (request) => request.socket.destroy(),
    (_, response) => open(response).write(SNAPSHOT),
    (_, response) => open(response).end(FINISHED),
  )
  let wake = () => {}
  const followed = follow(url, {
    retryMs: 600_000,
    onWake(listener) {
      wake = listener
      return () => undefined
    },
    onState: (state) => state === 'waiting' && queueMicrotask(() => wake()),
    onEvents: () => wake(),
  })
  await followed.done
  expect(requests).toHaveLength(3)
  expect(requests[2]?.headers['last-event-id']).toBe('1-0')
})

test('stops immediately when the page is left', async () => {
  const { url } = await serve((_, response) => open(response).write(SNAPSHOT))
  const followed = follow(url, { onEvents: () => followed.abort.abort() })
  await followed.done
  expect(followed.states).toEqual(['connecting', 'live'])
})
