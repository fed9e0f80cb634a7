import { ServiceError } from '../core/contract/errors.ts'
import { boundedUsage } from '../core/contract/usage.ts'
import type { SynthesisStore } from '../core/ports/synthesis-store.ts'
import { type KeySpace, planKey, shardKey, shardOf } from './keys.ts'
import { PAGE_BYTES, pagesOf, withStagedPages } from './paged-value.ts'
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

  function page(planId: string, version: number, number: number): Promise<Buffer | undefined> {
    const key = keyOf(planId)
    return whileAvailable(async () => {
      const found =
        number === 1
          ? await redis.hgetBuffer(`${key}:syntheses`, `${version}`)
          : await redis.hgetBuffer(`${key}:pages:${version}`, `${number}`)
      return found ?? undefined
    })
  }

  async function* pieces(planId: string, version: number, first: Buffer): AsyncGenerator<Buffer> {
    let piece: Buffer | undefined = first
    for (let number = 2; piece !== undefined; number += 1) {
      yield piece
      if (piece.length !== PAGE_BYTES) return
      piece = await page(planId, version, number)
    }
    throw new ServiceError('plan-not-found', 'The plan was deleted.')
  }

  return {
    begin: (planId, jobId, kind) =>
      whileAvailable(async () => {
        const begin = async () =>
          (await run('begin-synthesis', keyOf(planId), shardOfPlan(planId), jobId, kind)) as [
            'gone' | 'unsettled' | 'superseded' | 'early' | 'done' | 'go',
            string?,
          ]
        let [status, version] = await begin()
        while (status === 'unsettled') {
          await settleTasks(options, planId)
          ;[status, version] = await begin()
        }
        if (status === 'gone' || status === 'superseded' || status === 'early') return { status }
        return { status, version: Number(version) }
      }),
    finish: (planId, jobId, { kind, synthesis, outcome, editsProblem, usage }) =>
      whileAvailable(async () => {
        const [first = '', ...others] = pagesOf(wellFormedJson(synthesis?.json ?? ''))
        const stagedKey = (id: string) => `${keyOf(planId)}:staged:${id}`
        return withStagedPages(
          redis,
          stagedKey,
          others,
          async (staged) =>
            (await run(
              'finish-synthesis',
              keyOf(planId),
              shardOfPlan(planId),
              jobId,
              synthesis?.version ?? 0,
              first,
              synthesis?.status ?? '',
              synthesis?.executor ?? '',
              outcome,
              usage === undefined ? '' : JSON.stringify(boundedUsage(usage)),
              kind,
              editsProblem === undefined ? '' : JSON.stringify(editsProblem),
              synthesis?.preliminary === true ? 1 : 0,
              staged.key,
              staged.count,
            )) as 'gone' | 'done' | 'stored' | 'finished',
        )
      }),
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
    get: async (planId, version) => {
      const first = await page(planId, version, 1)
      return first && pieces(planId, version, first)
    },
    versions: (planId) =>
      whileAvailable(async () => {
        const fields = await redis.hkeys(`${keyOf(planId)}:syntheses`)
        return fields.map(Number).sort((a, b) => a - b)
      }),
  }
}
