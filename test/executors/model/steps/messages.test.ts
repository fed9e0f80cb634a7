import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { postMessage } from '../../../../src/core/change/post-message.ts'
import type { Executor } from '../../../../src/core/ports/executor.ts'
import { echoExecutor } from '../../../../src/executors/echo.ts'
import { modelExecutor } from '../../../../src/executors/model/executor.ts'
import { type Agents, agentTask, openAgents } from './mortal-workers.ts'
import type { Said } from './stepping-provider.ts'

const SCRIPT: Said[] = [
  { text: 'One.', calls: [['list', {}]] },
  { text: 'Two.', calls: [['list', {}]] },
  { text: 'Done.' },
  { text: 'Done again.' },
]

let agents: Agents

beforeAll(async () => {
  agents = await openAgents(inject('redisUrl'), SCRIPT)
})

beforeEach(() => {
  agents.provider.calls.length = 0
})

afterAll(() => agents.close())

const aPlan = (rest: object = {}) =>
  agents.units.aPlan([agentTask(rest)], { files: { 'a.txt': 'one\n' } })

async function say(planId: string, text: string) {
  const executors: ReadonlyMap<string, Executor> = new Map(
    [modelExecutor({ providers: {}, defaultModel: undefined }), echoExecutor].map(
      (executor) => [executor.name, executor] as const,
    ),
  )
  const { plans, tasks, steps } = agents.units
  const preparing = { executors } as Parameters<typeof postMessage>[0]['preparing']
  const deps = { plans, tasks, steps, newToken: randomUUID, preparing }
  return postMessage(deps, { tenant: 'default', planId, taskId: 'work', text })
}

/** The texts that a person said, of each call, with how many messages come before each. */
const heard = () =>
  agents.provider.calls.map(({ body }) => {
    const { messages } = JSON.parse(body) as { messages: { role: string; content: unknown }[] }
    return messages.flatMap(({ role, content }, at) => {
      const text = JSON.stringify(content)
      return role === 'user' && text.includes('A person') ? [`${at} ${text}`] : []
    })
  })

const kinds = async (planId: string) =>
  (await agents.units.steps.read(planId, 'work', 0, 20)).steps.map(({ kind = 'model' }) => kind)

/** Sends the message while the provider is asked for a step. */
function sayingAt(step: number, planId: string, text: string) {
  const { hook } = agents.provider
  agents.provider.hook = async (at, phase) => {
    if (at === step && phase === 'come') await say(planId, text)
    await hook(at, phase)
  }
}

describe('what a person says to a task', () => {
  test('is heard before its next step, and stays in the conversation', async () => {
    const plan = await aPlan()
    const worker = agents.aWorker()
    sayingAt(1, plan.id, 'Look at b.txt too.')
    await worker.run(plan.units[0])
    const [first, second, third] = heard()
    expect(first).toEqual([])
    expect(second).toHaveLength(1)
    expect(second?.[0]).toContain('Look at b.txt too.')
    expect(third).toEqual(second)
    expect(await kinds(plan.id)).toEqual(['model', 'message', 'model', 'model'])
    expect(await plan.state('work')).toMatchObject({ status: 'succeeded', usage: { steps: 3 } })
  })

  test('is heard before its first step where it had not begun', async () => {
    const plan = await aPlan()
    await say(plan.id, 'Be brief.')
    await agents.aWorker().run(plan.units[0])
    expect(heard().map((texts) => texts.length)).toEqual([1, 1, 1])
  })

  test('is not lost with the worker, and is heard at the same place', async () => {
    const plan = await aPlan()
    const first = agents.aWorker({ step: 4, phase: 'before the call', isStored: false })
    const { hook } = agents.provider
    agents.provider.hook = async (at, phase) => {
      if (at === 1 && phase === 'come') await say(plan.id, 'Look at b.txt too.')
      // The last of its three calls.
      await hook(at === 3 ? 4 : at, phase)
    }
    void first.run(plan.units[0])
    await first.death
    await agents.aWorker().run(plan.units[0], 2)
    const [, second, third, again] = heard()
    expect(second).toHaveLength(1)
    expect([third, again]).toEqual([second, second])
    const [, , lost, repeated] = agents.provider.calls
    expect(repeated?.body).toBe(lost?.body)
    expect(await plan.state('work')).toMatchObject({ status: 'succeeded' })
    first.lost.abort()
  })

  test('with its last answer under way makes it go on', async () => {
    const plan = await aPlan()
    const worker = agents.aWorker()
    sayingAt(3, plan.id, 'One more thing.')
    await worker.run(plan.units[0])
    expect(agents.provider.calls.map(({ step }) => step)).toEqual([1, 2, 3, 4])
    expect(await kinds(plan.id)).toEqual(['model', 'model', 'model', 'message', 'model'])
    const [output] = await agents.units.tasks.outputs(plan.id, ['work'])
    expect(output?.text).toBe('Done again.')
  })

  test('is refused where nobody would read it', async () => {
    const plan = await aPlan()
    await agents.aWorker().run(plan.units[0])
    await expect(say(plan.id, 'Too late.')).rejects.toMatchObject({ code: 'task-finished' })
    const echo = await agents.units.aPlan([{ id: 'work', executor: 'echo' }])
    await expect(say(echo.id, 'Hello?')).rejects.toMatchObject({ code: 'messages-not-read' })
    await expect(say('p00none', 'Hello?')).rejects.toMatchObject({ code: 'plan-not-found' })
  })
})

test('a hundred messages may wait to be read', async () => {
  const plan = await aPlan()
  for (let at = 0; at < 100; at += 1) await say(plan.id, `${at}`)
  await expect(say(plan.id, 'more')).rejects.toMatchObject({ code: 'too-many-messages' })
})
