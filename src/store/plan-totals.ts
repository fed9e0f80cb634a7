import type { PlanTotals } from '../core/contract/service-state.ts'
import { activePlanStatus, TASK_STATUSES, type TaskCounts } from '../core/contract/status.ts'
import { type KeySpace, planKey, shardKey } from './keys.ts'
import type { RedisClient } from './redis/connect-redis.ts'
import { readAcrossShards } from './redis/read-across-shards.ts'
import { whileAvailable } from './redis/while-available.ts'

/** Headers read at a time. */
const PLANS_AT_ONCE = 500

/** Counts plans and their tasks. Reads eight fields of each unfinished plan. */
export function redisPlanTotals(options: {
  redis: RedisClient
  space: KeySpace
}): () => Promise<PlanTotals> {
  const { redis, space } = options

  async function countActive(planIds: readonly string[], totals: PlanTotals): Promise<void> {
    const replies = await readAcrossShards(redis, planIds, (pipeline, planId) =>
      pipeline.hmget(
        planKey(space, planId),
        'outcome',
        ...TASK_STATUSES.map((status) => `n:${status}`),
      ),
    )
    for (const [fields] of replies) {
      const [outcome, ...numbers] = fields as (string | null)[]
      // One that has finished stays on the list while its last jobs are released.
      if (outcome !== null) continue
      const counts = Object.fromEntries(
        TASK_STATUSES.map((status, index) => [status, Number(numbers[index] ?? 0)]),
      ) as TaskCounts
      // A plan that was deleted meanwhile may still be on the list.
      if (!numbers.some((count) => count !== null)) continue
      totals.plans[activePlanStatus(counts)] += 1
      for (const status of TASK_STATUSES) totals.tasks[status] += counts[status]
    }
  }

  return () =>
    whileAvailable(async () => {
      const totals: PlanTotals = {
        plans: { queued: 0, running: 0, synthesizing: 0 },
        tasks: {
          queued: 0,
          running: 0,
          succeeded: 0,
          incomplete: 0,
          failed: 0,
          cancelled: 0,
          skipped: 0,
        },
        finished: { succeeded: 0, partial: 0, failed: 0, cancelled: 0 },
      }
      for (let shard = 0; shard < space.shards; shard += 1) {
        const key = shardKey(space, shard)
        const finished = await redis.hgetall(`${key}:finished`)
        for (const outcome of Object.keys(totals.finished) as (keyof PlanTotals['finished'])[]) {
          totals.finished[outcome] += Number(finished[outcome] ?? 0)
        }
        const active = await redis.zrange(`${key}:active`, '0', '-1')
        for (let at = 0; at < active.length; at += PLANS_AT_ONCE) {
          await countActive(active.slice(at, at + PLANS_AT_ONCE), totals)
        }
      }
      return totals
    })
}
