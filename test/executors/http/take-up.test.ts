import { TaskState } from '@a2a-js/sdk'
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { AttemptAborted } from '../../../src/core/run/running-tasks.ts'
import { openUnits } from '../../support/units.ts'
import { anExecutor, aRemoteAgent, type RemoteAgent, text } from './remote-agent.ts'

let units: Awaited<ReturnType<typeof openUnits>>

beforeAll(async () => {
  units = await openUnits(inject('redisUrl'))
})

afterAll(() => units.close())

/** An agent whose tasks end when they are told to, and a plan of one task for it. */
async function working(end: TaskState = TaskState.TASK_STATE_COMPLETED) {
  const begun = Promise.withResolvers<string>()
  const goOn = Promise.withResolvers<void>()
  let messages = 0
  const agent = await aRemoteAgent(async ({ taskId, artifact, status, cancelled }) => {
    messages += 1
    status(TaskState.TASK_STATE_WORKING)
    begun.resolve(taskId)
    await Promise.race([goOn.promise, cancelled])
    artifact('result', [text('Done.')])
    status(messages === 1 ? end : TaskState.TASK_STATE_COMPLETED)
  })
  onTestFinished(() => agent.close())
  const executor = anExecutor(agent.url)
  const plan = await units.aPlan([{ id: 'a', executor: 'http', prompt: 'Review.' }])
  const isKept = async () => (await units.steps.read(plan.id, 'a', 0, 1)).last === 1
  return {
    agent,
    begun,
    goOn,
    plan,
    isKept,
    messages: () => messages,
    aWorker: () => units.aWorker({ executor }),
  }
}

/** What the agent itself answers, asked as the executor asks. */
async function stateOf(agent: RemoteAgent, taskId: Promise<string>): Promise<string> {
  const sent = agent.requests.find(({ method }) => method === 'POST')
  const version = sent?.headers['a2a-version']
  const response = await fetch(new URL(sent?.path ?? '', agent.url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(typeof version === 'string' && { 'a2a-version': version }),
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'GetTask',
      params: { id: await taskId },
    }),
  })
  return response.text()
}

async function handOver(task: Awaited<ReturnType<typeof working>>, kind: 'shutdown' | 'lost') {
  const worker = task.aWorker()
  const running = worker.run(task.plan.units[0])
  await task.begun.promise
  await expect.poll(task.isKept).toBe(true)
  worker.running.abortAll(new AttemptAborted(kind, 'The worker ends.'))
  expect(await running).toBe('give-back')
}

test.each(['shutdown', 'lost'] as const)(
  "after a %s the next attempt takes up the agent's task, which was not cancelled",
  async (kind) => {
    const task = await working()
    await handOver(task, kind)
    task.goOn.resolve()
    await task.aWorker().run(task.plan.units[0], 2)
    expect(await task.plan.state('a')).toMatchObject({ status: 'succeeded' })
    const [output] = await units.tasks.outputs(task.plan.id, ['a'])
    expect(output?.text).toBe('Done.')
    expect(task.messages()).toBe(1)
    expect(task.agent.cancelled).toEqual([])
    const attempts = await task.plan.attempts('a')
    expect(attempts.map(({ resumedFromStep }) => resumedFromStep)).toEqual([undefined, 1])
  },
)

test('one that came to nothing meanwhile is begun again', async () => {
  const task = await working(TaskState.TASK_STATE_FAILED)
  await handOver(task, 'shutdown')
  task.goOn.resolve()
  await expect.poll(() => stateOf(task.agent, task.begun.promise)).toContain('FAILED')
  await task.aWorker().run(task.plan.units[0], 2)
  expect(await task.plan.state('a')).toMatchObject({ status: 'succeeded' })
  expect(task.messages()).toBe(2)
})
