import type {
  BatchedAnswer,
  ProviderBatch,
  ProviderBatchStore,
  WaitingCall,
} from '../core/ports/provider-batches.ts'
import { type KeySpace, planKey, shardKey, shardOf } from './keys.ts'
import type { RedisClient } from './redis/connect-redis.ts'
import { whileAvailable } from './redis/while-available.ts'
import type { RunScript } from './scripts.ts'
import { storableJson } from './storable.ts'

/** How long after its last sign of life another process takes over from a keeper. */
export const LEASE_MS = 15_000

type Found = ['found', number, 0 | 1, 0 | 1, string[], (string | null)[]]

export function redisProviderBatchStore(options: {
  redis: RedisClient
  run: RunScript
  space: KeySpace
}): ProviderBatchStore {
  const { redis, run, space } = options
  const script = (planId: string, action: string, ...args: (string | number | string[])[]) =>
    whileAvailable(
      async () =>
        (await run(
          'provider-batches',
          planKey(space, planId),
          shardKey(space, shardOf(planId)),
          action,
          ...args,
        )) as ['gone' | 'known' | 'late' | 'added' | 'changed' | 'lost'] | Found,
    )
  const callsKey = (planId: string) => `${planKey(space, planId)}:batchcalls`
  return {
    async add(planId, { body, ...call }, deadlineMs) {
      const about = storableJson(call)
      const [status] = await script(planId, 'add', call.id, about, body, deadlineMs)
      return status as 'added' | 'known' | 'late' | 'gone'
    },
    isKnown: (planId, id) =>
      whileAvailable(async () => {
        const known = await redis.hmget(callsKey(planId), `q:${id}`, `a:${id}`)
        return known.some((value) => value !== null)
      }),
    async look(planId, keeper, { ids, deadlineMs }) {
      const found = await script(planId, 'look', keeper, LEASE_MS, deadlineMs, [...ids])
      if (found[0] !== 'found') return undefined
      const [, now, late, mine, fields, texts] = found
      const waiting: WaitingCall[] = []
      const batches: ProviderBatch[] = []
      const dropped = new Set<string>()
      for (let at = 0; at < fields.length; at += 2) {
        const [name = '', value = ''] = fields.slice(at, at + 2)
        if (name.startsWith('c:')) waiting.push(JSON.parse(value))
        else if (name.startsWith('b:')) batches.push(JSON.parse(value))
        else dropped.add(name.slice(2))
      }
      const answers = new Map<string, BatchedAnswer>()
      for (const [index, text] of texts.entries()) {
        const id = ids[index]
        if (text !== null && id !== undefined) answers.set(id, JSON.parse(text))
      }
      return { now, isLate: late === 1, isKeeper: mine === 1, waiting, batches, dropped, answers }
    },
    bodies: (planId, ids) =>
      whileAvailable(async () => {
        if (ids.length === 0) return []
        const found = await redis.hmget(callsKey(planId), ...ids.map((id) => `q:${id}`))
        return found.map((body) => body ?? undefined)
      }),
    async change(planId, keeper, { keep = [], remove = [], taken = [], answers = new Map() }) {
      const answered = [...answers]
      const over = remove.flatMap(({ ids }) => ids)
      const change = {
        batches: {
          set: Object.fromEntries(keep.map((batch) => [`b:${batch.key}`, storableJson(batch)])),
          unset: [
            ...remove.map(({ key }) => `b:${key}`),
            ...taken.map((id) => `c:${id}`),
            ...over.map((id) => `d:${id}`),
          ],
        },
        calls: {
          set: Object.fromEntries(
            answered.map(([id, answer]) => [`a:${id}`, storableJson(answer)]),
          ),
          unset: [...answered.map(([id]) => id), ...over].map((id) => `q:${id}`),
        },
      }
      const [status] = await script(planId, 'change', keeper, JSON.stringify(change))
      return status === 'changed'
    },
    async drop(planId, ids) {
      await script(planId, 'drop', [...ids])
    },
    async forget(planId, ids) {
      await script(planId, 'forget', [...ids])
    },
    async release(planId, keeper) {
      await script(planId, 'release', keeper)
    },
  }
}
