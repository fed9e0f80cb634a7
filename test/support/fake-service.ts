import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { isFinished } from '../../src/core/contract/status.ts'
import { type FakeEvent, FakePlan } from './fake-plan.ts'
import { type Answer, type FakeState, routeOf } from './fake-routes.ts'

export interface RecordedRequest {
  method: string
  /** With its query. */
  path: string
  headers: IncomingMessage['headers']
  body: unknown
}

/** What happens to a request. */
export type Fault =
  /** Replaces the real answer. A string is sent unchanged. */
  | { answer: number; headers?: Record<string, string>; body?: unknown }
  /** The connection is cut before the request has done anything, or before its answer is sent. */
  | { cut: 'request' | 'answer' }
  /** Cuts the answer off after this many bytes. */
  | { cutAfterBytes: number }
  /** Cuts off a stream of events, or ends it properly, after this many events. */
  | { cutAfterEvents: number; cleanly?: boolean }
  /** Never answers. */
  | { hang: true }

/** Speaks the contract from memory. Plans stand still until a test moves them, or run at once. */
export interface FakeService extends Omit<FakeState, 'keys'> {
  url: string
  requests: RecordedRequest[]
  /** The next requests whose `METHOD path` begins with `match` meet these faults, one each. */
  fail(match: string, ...faults: Fault[]): void
  /** The plan that was submitted last. */
  newest(): FakePlan
  close(): Promise<void>
}

export async function startFakeService(port = 0): Promise<FakeService> {
  const faults: { match: string; fault: Fault }[] = []
  const requests: RecordedRequest[] = []
  const server = createServer((request, response) => {
    handle(request, response).catch((error: Error) => response.destroy(error))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no address')
  const url = `http://127.0.0.1:${address.port}`
  const state: FakeState = { plans: new Map(), keys: new Map(), autorun: false }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/', headers } = request
    const text = await textOf(request)
    const body: unknown = text === '' ? undefined : JSON.parse(text)
    requests.push({ method, path, headers, body })
    const index = faults.findIndex(({ match }) => `${method} ${path}`.startsWith(match))
    const fault = index === -1 ? undefined : faults.splice(index, 1)[0]?.fault
    if (fault !== undefined && 'hang' in fault) return
    if (fault !== undefined && 'answer' in fault) {
      return send(response, { ...fault, status: fault.answer })
    }
    if (fault !== undefined && 'cut' in fault && fault.cut === 'request') {
      response.destroy()
      return
    }
    const closed = new AbortController()
    response.on('close', () => closed.abort())
    const call = { method, url: new URL(path, url), headers, body, gone: closed.signal }
    const answer = await routeOf(state, call)
    if (fault !== undefined && 'cut' in fault) response.destroy()
    else if (answer instanceof FakePlan) stream(answer, headers['last-event-id'], response, fault)
    else send(response, answer, fault)
  }

  return Object.assign(state, {
    url,
    requests,
    fail(match: string, ...more: Fault[]) {
      faults.push(...more.map((fault) => ({ match, fault })))
    },
    newest() {
      const plan = [...state.plans.values()].at(-1)
      if (plan === undefined) throw new Error('nothing was submitted')
      return plan
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  })
}

function send(response: ServerResponse, answer: Answer, fault?: Fault): void {
  const { status, body, headers } = answer
  const isText = typeof body === 'string'
  const text = isText ? body : body === undefined ? '' : JSON.stringify(body)
  const type = isText ? 'application/x-ndjson' : 'application/json'
  const about = body === undefined ? {} : { 'content-type': type }
  response.writeHead(status, { ...about, ...headers })
  if (fault !== undefined && 'cutAfterBytes' in fault) {
    response.write(text.slice(0, fault.cutAfterBytes), () => response.destroy())
  } else {
    response.end(text)
  }
}

function stream(
  plan: FakePlan,
  lastEventId: string | string[] | undefined,
  response: ServerResponse,
  fault: Fault | undefined,
): void {
  const cut = fault !== undefined && 'cutAfterEvents' in fault ? fault : undefined
  const resumed = plan.events.slice(plan.events.findIndex(({ id }) => id === lastEventId) + 1)
  const waiting: FakeEvent[] = lastEventId === undefined ? [plan.snapshot()] : resumed
  let left = cut?.cutAfterEvents ?? Number.POSITIVE_INFINITY

  const flush = () => {
    while (left > 0 && waiting.length > 0) {
      const { id, type, data } = waiting.shift() as FakeEvent
      left -= 1
      response.write(`id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`)
    }
    if (left <= 0 && cut?.cleanly !== true) {
      // What was written shall arrive before the connection is cut.
      response.write(': cut\n\n', () => response.destroy())
    } else if (left <= 0 || isFinished(plan.status)) {
      response.end()
    }
  }
  const add = (event: FakeEvent) => {
    waiting.push(event)
    if (!response.writableEnded && !response.destroyed) flush()
  }
  response.on('close', () => plan.changes.off('event', add))
  plan.changes.on('event', add)
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write(': connected\n\n')
  flush()
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
