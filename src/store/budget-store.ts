import type { BudgetStore, Experience, Spender } from '../core/budget/allowance.ts'
import { boundedUsage } from '../core/contract/usage.ts'
import { type KeySpace, planKey, shardKey, shardOf } from './keys.ts'
import type { RedisClient } from './redis/connect-redis.ts'
import { whileAvailable } from './redis/while-available.ts'
import type { RunScript } from './scripts.ts'

/** Amounts are stored in whole nano-dollars; reservations are rounded up. */
const NANOS = 1e9
/** More than any budget, and still exact in nano-dollars. */
const MOST_NANOS = 1e15

function nanos(usd: number): number {
  return usd > 0 ? Math.min(Math.ceil(usd * NANOS), MOST_NANOS) : 0
}

/** Drops values that are not finite numbers: the store keeps the largest of each. */
function storableExperience(seen: Experience): string {
  const shown = Object.entries(seen).filter(([, value]) => Number.isFinite(value))
  return JSON.stringify(Object.fromEntries(shown))
}

export function redisBudgetStore(options: {
  redis: RedisClient
  run: RunScript
  space: KeySpace
}): BudgetStore {
  const { redis, run, space } = options
  const keyOf = (planId: string) => planKey(space, planId)
  const shardOfPlan = (planId: string) => shardKey(space, shardOf(planId))
  return {
    count: (planId, spender, usage) =>
      whileAvailable(async () => {
        const json = JSON.stringify(boundedUsage(usage))
        const shard = shardOfPlan(planId)
        await run('count-usage', keyOf(planId), shard, ...fieldsOf(spender), json)
      }),
    experience: (planId, model) =>
      whileAvailable(async () => {
        const raw = await redis.hget(`${keyOf(planId)}:seen`, model)
        return raw === null ? undefined : (JSON.parse(raw) as Experience)
      }),
    reserve: (planId, spender, { id, model, seen, isTogether, ...quote }) =>
      whileAvailable(async () => {
        const [status, amount] = (await run(
          'reserve-budget',
          keyOf(planId),
          shardOfPlan(planId),
          ...fieldsOf(spender),
          id,
          model,
          seen === undefined ? '' : JSON.stringify(seen),
          ...[quote.least, quote.enough, quote.most, quote.likely].map(nanos),
          isTogether === true ? 1 : 0,
        )) as ['reserved' | 'wait' | 'exhausted' | 'outdated', number?]
        return status === 'reserved' ? { status, usd: Number(amount) / NANOS } : { status }
      }),
    settle: (planId, spender, { id, model, spent }) =>
      whileAvailable(async () => {
        const seen = spent.status === 'reported' ? spent.seen : undefined
        const [field] = fieldsOf(spender)
        await run(
          'settle-budget',
          keyOf(planId),
          shardOfPlan(planId),
          field,
          id,
          spent.status === 'unknown' ? 1 : 0,
          model,
          seen === undefined ? '' : storableExperience(seen),
        )
      }),
  }
}

/**
 * The scripts' arguments: the field it is stored under, then what tells whether it is still
 * running.
 */
function fieldsOf(spender: Spender): [field: string, taskId: string, attemptOrJob: string] {
  return 'jobId' in spender
    ? [spender.jobId, '', spender.jobId]
    : [`${spender.taskId}#${spender.attempt}`, spender.taskId, String(spender.attempt)]
}
