import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { abortStopped } from '../../../src/core/change/sweep.ts'
import { runningTasks } from '../../../src/core/run/running-tasks.ts'
import { openUnits } from '../../support/units.ts'

let units: Awaited<ReturnType<typeof openUnits>>

beforeAll(async () => {
  units = await openUnits(inject('redisUrl'))
})

afterAll(() => units.close())

/** What a worker has of a plan when it looks whether anything was stopped. */
async function afterStop(
  stop: (planId: string) => Promise<unknown>,
): Promise<Record<'task' | 'synthesis' | 'askedForLater', boolean>> {
  const plan = await units.aPlan([{ id: 'a' }, { id: 'b' }])
  const [running, writing] = [runningTasks(), runningTasks()]
  const task = running.track(plan.id, 'a').controller.signal
  const synthesis = writing.track(plan.id, 's1').controller.signal
  const askedForLater = writing.track(plan.id, 's2', true).controller.signal
  await stop(plan.id)
  await abortStopped(units.life, running, writing)
  return { task: task.aborted, synthesis: synthesis.aborted, askedForLater: askedForLater.aborted }
}

test('a worker that did not hear of a cancel aborts the synthesis that it writes, unless it was asked for later', async () => {
  expect(await afterStop((id) => units.life.stop(id, 'cancelled', 'So.'))).toEqual({
    task: true,
    synthesis: true,
    askedForLater: false,
  })
})

test('everything of a plan that was deleted is aborted', async () => {
  expect(await afterStop((id) => units.plans.delete(id, 'default'))).toEqual({
    task: true,
    synthesis: true,
    askedForLater: true,
  })
})

test('a plan that was aborted is still summed up', async () => {
  expect(await afterStop((id) => units.life.stop(id, 'aborted', 'So.'))).toEqual({
    task: true,
    synthesis: false,
    askedForLater: false,
  })
})

test('the cancel of another task concerns neither', async () => {
  expect(
    await afterStop(async (id) => {
      await units.life.begin({
        planId: id,
        taskId: 'b',
        token: 't',
        unit: 0,
        round: 0,
        delivery: 1,
      })
      await units.life.cancel(id, { tasks: ['b'] })
    }),
  ).toEqual({ task: false, synthesis: false, askedForLater: false })
})
