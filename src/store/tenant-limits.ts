import type { TenantUse } from '../core/submit/tenant-limits.ts'
import { type RedisClient, whileAvailable } from './connect-redis.ts'
import { type KeySpace, planKey, shardKey, shardOf } from './keys.ts'
import { readAcrossShards } from './read-across-shards.ts'
import { readScript } from './scripts.ts'

const CLAIM_MS = 60_000

const CLAIM = readScript('claim-submission')

export function redisTenantUse(options: { redis: RedisClient; space: KeySpace }): TenantUse {
  const { redis, space } = options
  const claimsOf = (tenant: string) => `${shardKey(space, 0)}:claims:${tenant}`
  const plansOf = (tenant: string, shard: number) => `${shardKey(space, shard)}:plans:${tenant}`
  const memberOf = ({ planId, tasks }: { planId: string; tasks: number }) => `${planId} ${tasks}`

  async function unfinished(planIds: readonly string[]): Promise<number> {
    const replies = await readAcrossShards(redis, planIds, (pipeline, planId) =>
      pipeline.hmget(planKey(space, planId), 'n:queued', 'n:running'),
    )
    let tasks = 0
    for (const [fields] of replies) {
      for (const count of fields as (string | null)[]) tasks += Number(count ?? 0)
    }
    return tasks
  }

  return {
    claim: (tenant, submission) =>
      whileAvailable(async () => {
        const member = memberOf(submission)
        // Claimed first, counted then: what is stored in between is seen in one of the two.
        const before = (await redis.eval(CLAIM, 1, claimsOf(tenant), member, CLAIM_MS)) as string[]
        const others = before
          .filter((claim) => claim !== member)
          .map((claim) => {
            const [planId = '', tasks] = claim.split(' ')
            return { planId, tasks: Number(tasks) }
          })
        const use = { plans: 0, tasks: 0 }
        for (let shard = 0; shard < space.shards; shard += 1) {
          const plans = plansOf(tenant, shard)
          const claims = others.filter(({ planId }) => shardOf(planId) === shard)
          // As of one moment, so that a plan that is being stored counts once.
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
          use.tasks += await unfinished(active as string[])
        }
        return use
      }),
    settle: (tenant, submission) =>
      whileAvailable(async () => {
        await redis.zrem(claimsOf(tenant), memberOf(submission))
      }),
  }
}
