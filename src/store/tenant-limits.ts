import { randomUUID } from 'node:crypto'
import type { TenantUse } from '../core/submit/tenant-limits.ts'
import { type KeySpace, planKey, shardKey, shardOf } from './keys.ts'
import type { RedisClient } from './redis/connect-redis.ts'
import { readAcrossShards } from './redis/read-across-shards.ts'
import { whileAvailable } from './redis/while-available.ts'
import { readScript } from './scripts.ts'

const CLAIM_MS = 60_000

const CLAIM = readScript('claim-submission')

export function redisTenantUse(options: { redis: RedisClient; space: KeySpace }): TenantUse {
  const { redis, space } = options
  const claimsOf = (tenant: string) => `${shardKey(space, 0)}:claims:${tenant}`
  const plansOf = (tenant: string, shard: number) => `${shardKey(space, shard)}:plans:${tenant}`

  /** Unfinished tasks of these plans, and those of retries that are claimed but not stored yet. */
  async function unfinished(
    planIds: readonly string[],
    retries: readonly Claim[],
  ): Promise<number> {
    const plans = [...new Set([...planIds, ...retries.map(({ planId }) => planId)])]
    // A plan's tasks and whether a retry is among them, read consistently, so that it counts once.
    const replies = await readAcrossShards(redis, plans, (pipeline, planId) =>
      pipeline.hmget(planKey(space, planId), 'n:queued', 'n:running', 'nextUnit'),
    )
    let tasks = 0
    plans.forEach((planId, index) => {
      const [queued, running, nextUnit] = (replies[index]?.[0] ?? []) as (string | null)[]
      tasks += Number(queued ?? 0) + Number(running ?? 0)
      for (const retry of retries) {
        if (retry.planId === planId && retry.firstUnit === Number(nextUnit)) tasks += retry.tasks
      }
    })
    return tasks
  }

  return {
    claim: (tenant, submission) =>
      whileAvailable(async () => {
        const { planId, tasks, firstUnit = '' } = submission
        const member = [planId, tasks, firstUnit, randomUUID()].join(' ')
        // Claim before counting: whatever is stored in between shows up in one of the two.
        const before = (await redis.eval(CLAIM, 1, claimsOf(tenant), member, CLAIM_MS)) as string[]
        const others = before.map(claimFrom)
        const use = { plans: 0, tasks: 0 }
        for (let shard = 0; shard < space.shards; shard += 1) {
          const plans = plansOf(tenant, shard)
          const ofShard = others.filter((claim) => shardOf(claim.planId) === shard)
          const claims = ofShard.filter(({ firstUnit }) => firstUnit === undefined)
          const retries = ofShard.filter(({ firstUnit }) => firstUnit !== undefined)
          // Read consistently, so that a plan that is being stored counts once.
          const reading = redis
            .multi()
            .zcard(plans)
            .zinter(2, plans, `${shardKey(space, shard)}:active`)
          for (const { planId } of claims) reading.zscore(plans, planId)
          const replies = ((await reading.exec()) ?? []).map(([error, reply]) => {
            if (error !== null) throw error
            return reply
          })
          const [stored, active, ...places] = replies
          const pending = claims.filter((_, index) => places[index] === null)
          use.plans += Number(stored) + pending.length
          for (const { tasks } of pending) use.tasks += tasks
          use.tasks += await unfinished(active as string[], retries)
        }
        return {
          ...use,
          settle: () =>
            whileAvailable(async () => {
              await redis.zrem(claimsOf(tenant), member)
            }),
        }
      }),
  }
}

interface Claim {
  planId: string
  tasks: number
  /** For a retry: the first of the units that it adds to a stored plan. */
  firstUnit: number | undefined
}

function claimFrom(member: string): Claim {
  const [planId = '', tasks, firstUnit = ''] = member.split(' ')
  return {
    planId,
    tasks: Number(tasks),
    firstUnit: firstUnit === '' ? undefined : Number(firstUnit),
  }
}
