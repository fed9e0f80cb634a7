import { expect, inject, test } from 'vitest'
import { submitPlan } from '../../src/core/submit/submit-plan.ts'
import { echoPlan, openUseCases } from '../support/use-cases.ts'

test('what the attempts of a task did on the cores of their machine is added up', async () => {
  const service = await openUseCases(inject('redisUrl'))
  try {
    const { life, tasks } = service.stores
    const body = echoPlan({ a: [] })
    const submission = { tenant: 'default', body, idempotencyKey: undefined }
    const { record } = await submitPlan(service.submitting, submission)
    const planId = record.spec.id
    for (const attempt of [1, 2]) {
      const token = `token-${attempt}`
      const job = { planId, taskId: 'a', token, unit: 0, round: 0, delivery: 1 }
      expect(await life.begin(job)).toMatchObject({ status: 'begun', attempt })
      await life.end({
        ...{ planId, taskId: 'a', token, attempt, spends: true, retryInMs: 0 },
        ...(attempt === 1
          ? { status: 'queued', outcome: 'failed' }
          : { status: 'succeeded', outcome: 'succeeded' }),
        coreTimes: { ranMs: 100 * attempt, waitedMs: 30, cores: 2 },
      })
    }
    const [state] = await tasks.states(planId, ['a'])
    expect(state?.coreTimes).toEqual({ ranMs: 300, waitedMs: 60, cores: 2 })
  } finally {
    await service.close()
  }
})
