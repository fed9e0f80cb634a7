import { TaskState } from '@a2a-js/sdk'
import { expect, onTestFinished, test, vi } from 'vitest'
import { aContext, aRequest } from '../requests.ts'
import { anExecutor, aRemoteAgent, text } from './remote-agent.ts'

const ways = [
  { transport: 'JSONRPC', streaming: true },
  { transport: 'JSONRPC', streaming: false },
  { transport: 'HTTP+JSON', streaming: true },
  { transport: 'HTTP+JSON', streaming: false },
] as const

type Options = Parameters<typeof aRemoteAgent>[1]

/** An agent that works until it is told to stop, and an attempt that waits for it. */
async function hanging(options: Options = {}) {
  const begun = Promise.withResolvers<string>()
  const agent = await aRemoteAgent(async ({ taskId, status, cancelled }) => {
    status(TaskState.TASK_STATE_WORKING)
    begun.resolve(taskId)
    await cancelled
  }, options)
  onTestFinished(() => agent.close())
  const controller = new AbortController()
  const running = anExecutor(agent.url).execute(aRequest(), aContext(controller.signal))
  running.catch(() => {})
  return { agent, controller, running, taskId: begun.promise }
}

test.each(ways)(
  'an abort cancels the task of the agent, by $transport with events: $streaming',
  async (way) => {
    const { agent, controller, running, taskId } = await hanging(way)
    const id = await taskId
    controller.abort(new Error('cancelled'))
    await expect(running).rejects.toThrow('cancelled')
    expect(agent.cancelled).toEqual([id])
  },
)

test.each(ways)(
  'settles though the agent does not answer the cancel, by $transport with events: $streaming',
  async (way) => {
    let asked = 0
    const { controller, running, taskId } = await hanging({
      ...way,
      intercept({ path, body }, _, next) {
        if (body?.method === 'CancelTask' || path.endsWith(':cancel')) asked += 1
        else next()
      },
    })
    await taskId
    controller.abort(new Error('cancelled'))
    await expect(running).rejects.toThrow('cancelled')
    expect(asked).toBe(1)
  },
)

test('an abort while the message is being sent cancels the resulting task', async () => {
  const controller = new AbortController()
  const { agent, running, taskId } = await (async () => {
    const begun = Promise.withResolvers<string>()
    const agent = await aRemoteAgent(
      async ({ taskId, status, cancelled }) => {
        status(TaskState.TASK_STATE_WORKING)
        begun.resolve(taskId)
        await cancelled
      },
      {
        streaming: false,
        intercept({ body }, _, next) {
          if (body?.method === 'SendMessage') controller.abort(new Error('cancelled'))
          next()
        },
      },
    )
    onTestFinished(() => agent.close())
    const running = anExecutor(agent.url).execute(aRequest(), aContext(controller.signal))
    return { agent, running, taskId: begun.promise }
  })()
  await expect(running).rejects.toThrow('cancelled')
  expect(agent.cancelled).toEqual([await taskId])
})

test.each(['/.well-known/agent-card.json', '/a2a'])(
  'settles though the agent answers nothing at all: %s',
  async (silent) => {
    const reached = Promise.withResolvers<void>()
    const agent = await aRemoteAgent(() => {}, {
      intercept({ path }, _, next) {
        if (path === silent) reached.resolve()
        else next()
      },
    })
    onTestFinished(() => agent.close())
    const controller = new AbortController()
    const running = anExecutor(agent.url).execute(aRequest(), aContext(controller.signal))
    running.catch(() => {})
    await reached.promise
    controller.abort(new Error('timeout'))
    await expect(running).rejects.toThrow('timeout')
  },
)

test('nothing is passed on after an abort', async () => {
  const begun = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const agent = await aRemoteAgent(async ({ artifact, cancelled }) => {
    artifact('result', [text('before')])
    begun.resolve()
    await goOn.promise
    artifact('result', [text(' and after')], { append: true })
    await cancelled
  })
  onTestFinished(() => agent.close())
  const controller = new AbortController()
  const context = aContext(controller.signal)
  const running = anExecutor(agent.url).execute(aRequest(), context)
  running.catch(() => {})
  await begun.promise
  await vi.waitUntil(() => context.text() !== '', { timeout: 60_000, interval: 5 })
  controller.abort(new Error('cancelled'))
  goOn.resolve()
  await expect(running).rejects.toThrow('cancelled')
  expect(context.text()).toBe('before')
})

test('a task that is given up for a fault is cancelled too', async () => {
  const { agent, running, taskId } = await hanging({
    streaming: false,
    intercept({ body }, response, next) {
      if (body?.method === 'GetTask') response.status(400).end()
      else next()
    },
  })
  await expect(running).rejects.toMatchObject({ code: 'agent-refused' })
  expect(agent.cancelled).toEqual([await taskId])
})
