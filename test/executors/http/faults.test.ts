import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { TaskState } from '@a2a-js/sdk'
import type { RequestHandler } from 'express'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { aContext, aRequest } from '../requests.ts'
import { anExecutor, aRemoteAgent, type Turn, text } from './remote-agent.ts'

const ways = [
  { transport: 'JSONRPC', streaming: true },
  { transport: 'JSONRPC', streaming: false },
  { transport: 'HTTP+JSON', streaming: true },
  { transport: 'HTTP+JSON', streaming: false },
] as const

const works = ({ artifact, status }: Turn) => {
  artifact('result', [text('Done.')])
  status(TaskState.TASK_STATE_COMPLETED)
}

/** An attempt at an agent of which some answers are made here. */
async function run(
  intercept: RequestHandler,
  options: Parameters<typeof aRemoteAgent>[1] & { act?: Parameters<typeof aRemoteAgent>[0] } = {},
) {
  const agent = await aRemoteAgent(options.act ?? works, { ...options, intercept })
  onTestFinished(() => agent.close())
  const context = aContext()
  return { agent, context, outcome: anExecutor(agent.url).execute(aRequest(), context) }
}

/** Answers calls, and lets the card through. */
const toCalls =
  (handle: RequestHandler): RequestHandler =>
  (request, response, next) =>
    request.path.startsWith('/a2a') ? handle(request, response, next) : next()

const isAsking = ({ path, body }: { path: string; body?: { method?: string } }) =>
  body?.method === 'GetTask' || /\/tasks\/[^:]*$/.test(path)

describe.each(ways)('by $transport with events: $streaming', (way) => {
  test.each([
    [429, 'agent-rate-limited'],
    [503, 'agent-error'],
    [500, 'agent-error'],
    [408, 'agent-error'],
  ])('%i may go well later, not before the agent says', async (status, code) => {
    const answer = toCalls((_, response) => {
      response.status(status).set('retry-after', '7').send('busy, dear Bearer abc')
    })
    await expect((await run(answer, way)).outcome).rejects.toMatchObject({
      name: 'TransientError',
      code,
      message: `The agent reviewer answered ${status}.`,
      retryAfterMs: 7_000,
    })
  })

  test.each([
    [400, 'agent-refused'],
    [401, 'agent-unauthorized'],
    [403, 'agent-unauthorized'],
    [404, 'agent-refused'],
    [501, 'agent-refused'],
  ])('%i is final', async (status, code) => {
    const answer = toCalls((_, response) => {
      response.status(status).send('no, dear Bearer abc')
    })
    await expect((await run(answer, way)).outcome).rejects.toMatchObject({
      name: 'PermanentError',
      code,
      message: `The agent reviewer answered ${status}.`,
    })
  })

  test.each([
    { error: 'not found' },
    { error: { message: 'not found' } },
    { jsonrpc: '2.0', error: 'not found' },
  ])('a refusal that is no error of the protocol is told by its status: %j', async (body) => {
    const answer = toCalls((_, response) => {
      response.status(404).json(body)
    })
    await expect((await run(answer, way)).outcome).rejects.toMatchObject({
      name: 'PermanentError',
      message: 'The agent reviewer answered 404.',
    })
  })

  test('a redirect is not followed', async () => {
    const elsewhere = vi.fn()
    const answer: RequestHandler = (request, response, next) => {
      if (request.path === '/elsewhere') elsewhere()
      if (request.path.startsWith('/a2a')) response.redirect(307, '/elsewhere')
      else next()
    }
    await expect((await run(answer, way)).outcome).rejects.toMatchObject({
      name: 'PermanentError',
      code: 'agent-redirect',
      message: 'The agent reviewer answered 307. Redirects are not followed.',
    })
    expect(elsewhere).not.toHaveBeenCalled()
  })

  test.each([
    ['a page', 'text/html', '<html>the prompt</html>'],
    ['broken JSON', 'application/json', '{"jsonrpc": "2.0", "the prompt'],
    ['JSON of another kind', 'application/json', '{"the": "prompt"}'],
    ['nothing', 'application/json', 'null'],
    ['an event that is none', 'text/event-stream', 'data: the prompt\n\n'],
    ['an event of another kind', 'text/event-stream', 'data: {"the": "prompt"}\n\n'],
    ['an event with a hole', 'text/event-stream', 'data: {"task": {"artifacts": [null]}}\n\n'],
    ['an unfinished event', 'text/event-stream', 'data: the prompt'],
    ['a task without a state', 'application/json', '{"task": {"id": "the prompt", "status": {}}}'],
    ['no event', 'text/event-stream', ': hello\n\n'],
  ])('garbage is told as such, and quoted nowhere: %s', async (_, type, body) => {
    const written = vi.spyOn(console, 'error')
    onTestFinished(() => written.mockRestore())
    const answer = toCalls((_, response) => {
      response.type(type).send(body)
    })
    const failure = await (await run(answer, way)).outcome.catch((error: unknown) => error)
    expect(failure).toMatchObject({
      name: 'TransientError',
      code: 'agent-invalid-response',
      message: 'The agent reviewer sent an answer that was cut off or could not be read.',
    })
    expect(failure).not.toHaveProperty('cause')
    expect(written).not.toHaveBeenCalled()
  })

  test('more than is bearable is not read', async () => {
    let sent = 0
    const lines = function* () {
      for (; sent < 1_000_000_000; sent += 1_000_000) yield `: ${'x'.repeat(999_997)}\n`
    }
    const answer = toCalls((_, response) => {
      response.type(way.streaming ? 'text/event-stream' : 'application/json')
      // The other side hangs up.
      pipeline(Readable.from(lines()), response).catch(() => {})
    })
    await expect((await run(answer, way)).outcome).rejects.toMatchObject({
      name: 'PermanentError',
      code: 'agent-output-limit',
    })
    expect(sent).toBeLessThan(100_000_000)
  })
})

test.each(['JSONRPC', 'HTTP+JSON'] as const)(
  'an agent whose events break off is asked how far it is, by %s',
  async (transport) => {
    const goOn = Promise.withResolvers<void>()
    let broken = 0
    const { agent, context, outcome } = await run(
      (request, response, next) => {
        if (isAsking(request)) goOn.resolve()
        const { write } = response
        response.write = (...given: unknown[]) => {
          const [chunk] = given
          const done = Reflect.apply(write, response, given)
          // With the first text that it sends, the connection is gone.
          if (`${chunk}`.includes('first')) {
            broken += 1
            setImmediate(() => response.destroy())
          }
          return done
        }
        next()
      },
      {
        transport,
        async act({ artifact, status }) {
          artifact('result', [text('first ')])
          await goOn.promise
          artifact('result', [text('second')], { append: true })
          status(TaskState.TASK_STATE_COMPLETED)
        },
      },
    )
    expect(await outcome).toMatchObject({ status: 'succeeded', output: { text: 'first second' } })
    expect(context.text()).toBe('first second')
    expect(broken).toBe(1)
    const messages = agent.requests.filter(({ body }) => JSON.stringify(body)?.includes('Review'))
    expect(messages).toHaveLength(1)
  },
)

test('asking an agent may fail now and then', async () => {
  let asked = 0
  const { outcome } = await run(
    (request, response, next) => {
      if (!isAsking(request)) return next()
      asked += 1
      if (asked === 1) response.status(503).end()
      else if (asked === 2) response.status(429).set('retry-after-ms', '10').end()
      else if (asked === 3) response.destroy()
      else next()
    },
    {
      streaming: false,
      async act({ artifact, status }) {
        status(TaskState.TASK_STATE_WORKING)
        await vi.waitUntil(() => asked === 3, { timeout: 20_000 })
        artifact('result', [text('Done.')])
        status(TaskState.TASK_STATE_COMPLETED)
      },
    },
  )
  expect(await outcome).toMatchObject({ status: 'succeeded', output: { text: 'Done.' } })
  expect(asked).toBeGreaterThan(3)
})

test('an agent that no longer answers is retried from the beginning, and told to stop', async () => {
  const { agent, outcome } = await run(
    (request, response, next) => {
      if (isAsking(request)) response.status(502).end()
      else next()
    },
    {
      streaming: false,
      async act({ status, cancelled }) {
        status(TaskState.TASK_STATE_WORKING)
        await cancelled
      },
    },
  )
  await expect(outcome).rejects.toMatchObject({ name: 'TransientError', code: 'agent-error' })
  expect(agent.cancelled).toHaveLength(1)
})

test.each([
  [-32602, 'PermanentError', 'agent-refused', 'INVALID_PARAMS'],
  [-32005, 'PermanentError', 'agent-refused', 'CONTENT_TYPE_NOT_SUPPORTED'],
  [-32603, 'TransientError', 'agent-error', 'INTERNAL_ERROR'],
  [-32000, 'TransientError', 'agent-error', 'INTERNAL_ERROR'],
])("an agent's error %i is told without its words", async (code, name, failure, reason) => {
  for (const streaming of [true, false]) {
    const answer = toCalls(({ body }, response) => {
      response.json({ jsonrpc: '2.0', id: body.id, error: { code, message: 'the prompt' } })
    })
    await expect((await run(answer, { streaming })).outcome).rejects.toMatchObject({
      name,
      code: failure,
      message: `The agent reviewer answered ${reason}.`,
    })
  }
})

test('an agent that is not there may be there later', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const running = anExecutor(`http://127.0.0.1:${port}`).execute(aRequest(), aContext())
  await expect(running).rejects.toMatchObject({
    name: 'TransientError',
    code: 'agent-unreachable',
    message: 'The agent reviewer could not be reached.',
  })
})
