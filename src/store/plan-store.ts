import type { PlanStore } from '../core/ports/plan-store.ts'
import type { PlanKey } from '../core/ports/records.ts'
import type { RetryBatch } from '../core/ports/task-life.ts'
import { fromCompactJson } from './compact-json.ts'
import { type KeySpace, PLAN_SUFFIXES, planIdFrom, planKey, shardKey, shardOf } from './keys.ts'
import { headerFields, isLarge, writesOf } from './new-plan-fields.ts'
import { planRecord } from './records.ts'
import type { RedisClient } from './redis/connect-redis.ts'
import { readAcrossShards } from './redis/read-across-shards.ts'
import { whileAvailable } from './redis/while-available.ts'
import type { RunScript } from './scripts.ts'
import { settleTasks } from './settle-tasks.ts'
import { stage } from './stage.ts'

export function redisPlanStore(options: {
  redis: RedisClient
  run: RunScript
  space: KeySpace
  /** How long a finished plan is kept. */
  retentionMs: number
}): PlanStore {
  const { redis, run, space } = options
  const keyOf = (planId: string) => planKey(space, planId)
  const shardOfPlan = (planId: string) => shardKey(space, shardOf(planId))

  const keyRecord = ({ digest, shardBytes }: PlanKey) =>
    `${shardKey(space, shardOf(planIdFrom(shardBytes, space.shards)))}:key:${digest}`

  return {
    createsInOneStep: (plan) => !isLarge(writesOf(plan)),

    create: (plan) =>
      whileAvailable(async () => {
        const key = keyOf(plan.spec.id)
        const shard = shardOfPlan(plan.spec.id)
        const header = headerFields(plan, options.retentionMs)
        const writes = writesOf(plan)
        const large = isLarge(writes)
        const staged = large ? await stage(redis, key, writes) : ''
        const suffixes = large ? writes.map(([, suffix]) => suffix) : []
        const answer = (await run(
          'create-plan',
          key,
          shard,
          staged,
          suffixes.length,
          suffixes,
          plan.key === undefined ? '' : keyRecord(plan.key),
          header.length / 2,
          ...header,
          plan.context,
          JSON.stringify(plan.tasks.map((task) => task.id)),
          `${shard}:plans:${plan.spec.tenant}`,
          plan.spec.policy.timeoutMs ?? 0,
          large
            ? []
            : writes.flatMap(([command, suffix, args]) => [
                command,
                `:${suffix}`,
                args.length,
                ...args,
              ]),
        )) as ['created' | 'exists', string, string]
        if (answer[0] === 'exists') {
          for (const suffix of suffixes) await redis.unlink(`${staged}:${suffix}`)
          return { status: 'exists', planId: answer[1], requestHash: answer[2] }
        }
        return { status: 'created', createdAt: Number(answer[1]), round: Number(answer[2]) }
      }),

    markEnqueued: (planId, firstUnit) =>
      whileAvailable(async () => {
        const [status, released = []] = (await run(
          'mark-enqueued',
          keyOf(planId),
          shardOfPlan(planId),
          firstUnit,
        )) as ['marked' | 'late' | 'gone', string[]?]
        return status === 'marked' ? { status, released: released.map(Number) } : { status }
      }),

    settleSubmission: ({ planId, tenant }, { giveUpAfterMs, isPartial = false }) =>
      whileAvailable(async () => {
        const [status, released = []] = (await run(
          'settle-submission',
          keyOf(planId),
          shardOfPlan(planId),
          tenant,
          giveUpAfterMs,
          isPartial ? 1 : 0,
          ...PLAN_SUFFIXES,
        )) as ['accepted' | 'pending' | 'gone', string[]?]
        return status === 'accepted' ? { status, released: released.map(Number) } : { status }
      }),

    ofKey: (key) =>
      whileAvailable(async () => {
        const [planId, requestHash] = (await redis.get(keyRecord(key)))?.split(' ') ?? []
        return planId === undefined || requestHash === undefined
          ? undefined
          : { planId, requestHash }
      }),

    unfinishedRetry: (planId) =>
      whileAvailable(async () => {
        const [raw, unsettled] = await redis.hmget(keyOf(planId), 'batch', 'unsettled')
        if (typeof raw !== 'string') return undefined
        // Tasks of it that are not queued yet would find their jobs gone.
        if (unsettled !== null) await settleTasks(options, planId)
        return JSON.parse(raw) as RetryBatch
      }),

    get: (planId) =>
      whileAvailable(async () => {
        const fields = await redis.hgetall(keyOf(planId))
        return fields.spec === undefined ? undefined : planRecord(fields)
      }),

    list: ({ tenant, limit, before }) =>
      whileAvailable(async () => {
        const [time, lastId] = before?.split('~') ?? []
        const top = time === undefined ? '+inf' : time
        const entries: { id: string; at: number }[] = []
        for (let shard = 0; shard < space.shards; shard += 1) {
          const key = `${shardKey(space, shard)}:plans:${tenant}`
          // If several plans share a millisecond, some from before the cursor may appear again;
          // they are skipped below.
          const found = await redis.zrevrangebyscore(
            key,
            top,
            '-inf',
            'WITHSCORES',
            'LIMIT',
            0,
            limit + 64,
          )
          for (let at = 0; at + 1 < found.length; at += 2) {
            entries.push({ id: found[at] ?? '', at: Number(found[at + 1]) })
          }
        }
        entries.sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1))
        const rest = entries.filter(
          (entry) =>
            time === undefined ||
            entry.at < Number(time) ||
            (entry.at === Number(time) && lastId !== undefined && entry.id < lastId),
        )
        const page = rest.slice(0, limit)
        const replies = await readAcrossShards(
          redis,
          page.map(({ id }) => id),
          (pipeline, planId) => pipeline.hgetall(keyOf(planId)),
        )
        const plans = replies.flatMap(([fields]) => {
          const record = fields as Record<string, string>
          return record.spec === undefined ? [] : [planRecord(record)]
        })
        const last = page.at(-1)
        const next = rest.length > limit && last !== undefined ? `${last.at}~${last.id}` : undefined
        return { plans, next }
      }),

    taskIds: (planId) =>
      whileAvailable(async () => {
        const ids = await redis.get(`${keyOf(planId)}:ids`)
        return ids === null ? [] : (JSON.parse(ids) as string[])
      }),

    submission: (planId) =>
      whileAvailable(async () => {
        const kept = await redis.hget(`${keyOf(planId)}:submission`, 'body')
        return kept === null ? undefined : (fromCompactJson(kept) as Record<string, unknown>)
      }),

    context: (planId) =>
      whileAvailable(async () => (await redis.get(`${keyOf(planId)}:context`)) ?? ''),

    files: (planId) => whileAvailable(() => redis.hgetall(`${keyOf(planId)}:files`)),

    workspace: (planId) =>
      whileAvailable(async () => {
        const fields = ['base', 'reopened', 'nextUnit', 'unsettled']
        const [base, reopened, nextUnit, unsettled] = await redis.hmget(keyOf(planId), ...fields)
        return {
          base: base ?? undefined,
          reopened: Number(reopened ?? 0),
          // While a retry is not settled, outputs of tasks that it queues again may still be there.
          generation: typeof unsettled === 'string' ? undefined : Number(nextUnit ?? 0),
        }
      }),

    pinBase: (planId, candidate) =>
      whileAvailable(
        async () =>
          (await run('pin-base', keyOf(planId), shardOfPlan(planId), candidate)) as string,
      ),

    delete: (planId, tenant) =>
      whileAvailable(async () => {
        await run('delete-plan', keyOf(planId), shardOfPlan(planId), tenant, ...PLAN_SUFFIXES)
      }),
  }
}
