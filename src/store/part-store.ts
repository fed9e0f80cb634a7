import { boundedUsage } from '../core/contract/usage.ts'
import type { PartPlace, Slice } from '../core/ports/synthesis-parts.ts'
import type { PartStore } from '../core/ports/synthesis-store.ts'
import { type KeySpace, planKey, shardKey, shardOf } from './keys.ts'
import type { RedisClient } from './redis/connect-redis.ts'
import { whileAvailable } from './redis/while-available.ts'
import type { RunScript } from './scripts.ts'
import { wellFormedJson } from './storable.ts'

const LAYOUT = 'layout'

/**
 * Fields of one hash per plan, named `<job id> <name>`. The script that stores the version removes
 * them.
 */
export function redisPartStore(options: {
  redis: RedisClient
  run: RunScript
  space: KeySpace
}): PartStore {
  const { redis, run, space } = options
  const keyOf = (planId: string) => `${planKey(space, planId)}:parts`
  const nameOf = ({ level, index }: PartPlace) => `${level}.${index}`
  const shardOfPlan = (planId: string) => shardKey(space, shardOf(planId))

  async function layout(planId: string, jobId: string): Promise<Slice[][] | undefined> {
    const raw = await redis.hget(keyOf(planId), `${jobId} ${LAYOUT}`)
    return raw === null ? undefined : (JSON.parse(raw) as Slice[][])
  }

  return {
    begin: ({ planId, jobId, of, place }) =>
      whileAvailable(
        async () =>
          (await run(
            'begin-part',
            planKey(space, planId),
            shardOfPlan(planId),
            of.jobId,
            nameOf(place),
            jobId,
          )) as 'go' | 'over',
      ),
    keep: ({ planId, jobId, of, place }, part, usage) =>
      whileAvailable(
        async () =>
          (await run(
            'keep-part',
            planKey(space, planId),
            shardOfPlan(planId),
            of.jobId,
            nameOf(place),
            wellFormedJson(part),
            jobId,
            JSON.stringify(boundedUsage(usage)),
          )) as 'kept' | 'over',
      ),
    read: (planId, jobId, places) =>
      whileAvailable(async () => {
        if (places.length === 0) return []
        const fields = places.map((place) => `${jobId} ${nameOf(place)}`)
        const found = await redis.hmget(keyOf(planId), ...fields)
        return found.map((text) => text ?? undefined)
      }),
    places: (planId, jobId) =>
      whileAvailable(async () => {
        const fields = await redis.hkeys(keyOf(planId))
        return fields.flatMap((field) => {
          const [of, name = ''] = field.split(' ')
          const [level, index] = name.split('.').map(Number)
          return of === jobId && level !== undefined && index !== undefined ? { level, index } : []
        })
      }),
    pinLayout: (planId, jobId, planned) =>
      whileAvailable(async () => {
        const text = JSON.stringify(planned)
        await run('keep-part', planKey(space, planId), shardOfPlan(planId), jobId, LAYOUT, text, '')
        return layout(planId, jobId)
      }),
    layout: (planId, jobId) => whileAvailable(() => layout(planId, jobId)),
  }
}
