import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { inject } from 'vitest'
import { initialUnits } from '../../src/core/batch/units.ts'
import type { Experience } from '../../src/core/budget/allowance.ts'
import { NO_USAGE, type Usage } from '../../src/core/contract/usage.ts'
import { redisBudgetStore } from '../../src/store/budget-store.ts'
import { planIdFrom, planKey } from '../../src/store/keys.ts'
import { redisPlanStore } from '../../src/store/plan-store.ts'
import { loadScripts } from '../../src/store/scripts.ts'
import { redisSynthesisStore } from '../../src/store/synthesis-store.ts'
import { redisTaskLife } from '../../src/store/task-store.ts'

export const space = { prefix: `test-${randomUUID().slice(0, 8)}`, shards: 1 }

/** Connects at the first test. */
export const redis = new Redis(inject('redisUrl'), {
  maxRetriesPerRequest: null,
  lazyConnect: true,
})

export const TASKS = ['a', 'b', 'c', 'd']

/** What calls of model `m` have shown before. */
export const SEEN: Experience = {
  tokensPerByte: 0.3,
  outputTokens: 100,
  outputBeyond: 0,
  overdraftUsd: 0,
}

/** A plan of four tasks with a budget, and a hand on its money. */
export async function aPlan(
  budgetUsd: number,
  options: {
    limit?: number
    dependencies?: Record<string, string[]>
    files?: Record<string, string>
  } = {},
) {
  const { limit = null, dependencies = {} } = options
  const run = loadScripts(redis)
  const plans = redisPlanStore({ redis, run, space, retentionMs: 60_000 })
  const life = redisTaskLife({ redis, run, space, workerId: 'w', mostLosses: 9 })
  const budgets = redisBudgetStore({ redis, run, space })
  const syntheses = redisSynthesisStore({ redis, run, space })
  const id = planIdFrom(Buffer.from(randomUUID().replaceAll('-', ''), 'hex'), 1)
  const tasks = TASKS.map((taskId) => ({
    id: taskId,
    description: taskId,
    prompt: taskId,
    executor: 'model',
    timeoutMs: 60_000,
    attempts: 3,
    priority: 0,
    waitsFor: dependencies[taskId] ?? [],
  }))
  const units = { size: 1, width: 'all', limit, lane: 'io' } as const
  await plans.create({
    key: undefined,
    spec: {
      id,
      tenant: 'default',
      title: 'A plan',
      mode: 'parallel',
      policy: {
        maxConcurrency: 50,
        onFailure: 'continue',
        minSuccess: 0,
        onOverlap: 'reject',
        budgetUsd,
      },
      workspace: undefined,
      isolate: false,
      synthesis: {},
      webhook: undefined,
      metadata: {},
      waves: [TASKS],
      units,
      traceparent: undefined,
    },
    context: '',
    tasks,
    files: options.files,
    usage: NO_USAGE,
    requestHash: '',
    initial: initialUnits(tasks, units),
  })
  await redis.hset(`${planKey(space, id)}:seen`, 'm', JSON.stringify(SEEN))
  const begin = async (taskId: string, unit = TASKS.indexOf(taskId)) => {
    const token = randomUUID()
    const begun = await life.begin({ planId: id, taskId, token, unit, round: 0, delivery: 1 })
    if (begun.status !== 'begun') throw new Error(`${taskId} is ${begun.status}`)
    return { token, spender: { taskId, attempt: begun.attempt } }
  }
  const record = async () => {
    const found = await plans.get(id)
    if (found === undefined) throw new Error('the plan is gone')
    return found
  }
  return { id, plans, life, budgets, syntheses, begin, record }
}

export const cost = (costUsd: number): Usage => ({ ...NO_USAGE, steps: 1, costUsd })
export const flat = (usd: number) => ({ least: usd, enough: usd, most: usd, likely: usd / 2 })
export const call = (id: string, usd: number) => ({ id, model: 'm', seen: SEEN, ...flat(usd) })
