import type { Synthesis } from '../core/contract/synthesis.ts'
import { boundedUsage } from '../core/contract/usage.ts'
import type { SynthesisStore } from '../core/ports/synthesis-store.ts'
import { type KeySpace, planKey, shardKey, shardOf } from './keys.ts'
import type { RedisClient } from './redis/connect-redis.ts'
import { whileAvailable } from './redis/while-available.ts'
import type { RunScript } from './scripts.ts'
import { settleTasks } from './settle-tasks.ts'
import { wellFormedJson } from './storable.ts'

export function redisSynthesisStore(options: {
  redis: RedisClient
  run: RunScript
  space: KeySpace
}): SynthesisStore {
  const { redis, run, space } = options
  const keyOf = (planId: string) => planKey(space, planId)
  const shardOfPlan = (planId: string) => shardKey(space, shardOf(planId))
  return {
    begin: (planId, jobId, kind) =>
      whileAvailable(async () => {
        const begin = async () =>
          (await run('begin-synthesis', keyOf(planId), shardOfPlan(planId), jobId, kind)) as [
            'gone' | 'unsettled' | 'superseded' | 'done' | 'go',
            string?,
          ]
        let [status, version] = await begin()
        while (status === 'unsettled') {
          await settleTasks(options, planId)
          ;[status, version] = await begin()
        }
        if (status === 'gone' || status === 'superseded') return { status }
        return { status, version: Number(version) }
      }),
    finish: (planId, jobId, { kind, synthesis, outcome, editsProblem, usage }) =>
      whileAvailable(
        async () =>
          (await run(
            'finish-synthesis',
            keyOf(planId),
            shardOfPlan(planId),
            jobId,
            synthesis?.version ?? 0,
            wellFormedJson(synthesis?.json ?? ''),
            synthesis?.status ?? '',
            synthesis?.executor ?? '',
            outcome,
            usage === undefined ? '' : JSON.stringify(boundedUsage(usage)),
            kind,
            editsProblem === undefined ? '' : JSON.stringify(editsProblem),
          )) as 'gone' | 'done' | 'stored' | 'finished',
      ),
    claim: (planId, jobId, requestHash = '') =>
      whileAvailable(async () => {
        const [status, claimed = '', version = ''] = (await run(
          'claim-synthesis',
          keyOf(planId),
          shardOfPlan(planId),
          jobId,
          requestHash,
        )) as ['gone' | 'free' | 'claimed', string?, string?]
        if (status !== 'claimed') return { status }
        return {
          status,
          requestHash: claimed,
          version: version === '' ? undefined : Number(version),
        }
      }),
    request: (planId, jobId) =>
      whileAvailable(async () => {
        const [status, version] = (await run(
          'request-synthesis',
          keyOf(planId),
          shardOfPlan(planId),
          jobId,
        )) as ['gone' | 'allocated', string?]
        return status === 'gone' ? { status } : { status, version: Number(version) }
      }),
    get: (planId, version) =>
      whileAvailable(async () => {
        const raw = await redis.hget(`${keyOf(planId)}:syntheses`, String(version))
        return raw === null ? undefined : (JSON.parse(raw) as Synthesis)
      }),
    all: (planId) =>
      whileAvailable(async () => {
        const found = await redis.hvals(`${keyOf(planId)}:syntheses`)
        return found
          .map((raw) => JSON.parse(raw) as Synthesis)
          .sort((a, b) => a.version - b.version)
      }),
  }
}
