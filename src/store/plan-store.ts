import { randomUUID } from 'node:crypto'
import { inOrderOfPriority } from '../core/batch/units.ts'
import type { Usage } from '../core/contract/usage.ts'
import type { PlanStore } from '../core/ports/plan-store.ts'
import { finalSynthesisJobId } from '../core/ports/queue.ts'
import type { NewPlan, PlanKey } from '../core/ports/records.ts'
import type { RetryBatch } from '../core/ports/task-life.ts'
import { compactJson, fromCompactJson } from './compact-json.ts'
import { type KeySpace, PLAN_SUFFIXES, planIdFrom, planKey, shardKey, shardOf } from './keys.ts'
import { planRecord } from './records.ts'
import type { RedisClient } from './redis/connect-redis.ts'
import { readAcrossShards } from './redis/read-across-shards.ts'
import { whileAvailable } from './redis/while-available.ts'
import type { RunScript } from './scripts.ts'

/**
 * How many task specifications fit into the one script that creates a plan; larger plans are
 * staged.
 */
const TASKS_IN_ONE_SCRIPT = 500

/** Fields per HSET: few enough that Redis can answer others in between. */
const FIELDS_AT_ONCE = 250

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

  /**
   * Writes the specifications under a key that expires, so that an interrupted submission leaves
   * nothing behind.
   */
  async function stage(plan: NewPlan): Promise<string> {
    const key = `${keyOf(plan.spec.id)}:staged:${randomUUID()}`
    for (let at = 0; at < plan.tasks.length; at += FIELDS_AT_ONCE) {
      const fields = plan.tasks
        .slice(at, at + FIELDS_AT_ONCE)
        .flatMap((task) => [task.id, JSON.stringify(task)])
      if (at > 0) await redis.hset(key, ...fields)
      // In one step: a process that died in between would leave the key for good.
      else
        await redis
          .multi()
          .hset(key, ...fields)
          .expire(key, 3_600)
          .exec()
    }
    return key
  }

  return {
    createsInOneStep: (plan) => plan.tasks.length <= TASKS_IN_ONE_SCRIPT,

    create: (plan) =>
      whileAvailable(async () => {
        const key = keyOf(plan.spec.id)
        const large = plan.tasks.length > TASKS_IN_ONE_SCRIPT
        const staged = large ? await stage(plan) : ''
        const shard = shardOfPlan(plan.spec.id)
        const header = headerFields(plan, options.retentionMs)
        const hashes: (string | number)[] = []
        const hash = (suffix: string, field: string, value: string | number) =>
          hashes.push(`:${suffix}`, field, value)
        if (!large) for (const task of plan.tasks) hash('specs', task.id, JSON.stringify(task))
        if (plan.submission !== undefined) {
          hash('submission', 'body', compactJson(plan.submission))
        }
        for (const [path, text] of Object.entries(plan.files ?? {})) hash('files', path, text)
        for (const [suffix, field, value] of holdingFields(plan)) hash(suffix, field, value)
        const answer = (await run(
          'create-plan',
          key,
          shard,
          staged,
          plan.key === undefined ? '' : keyRecord(plan.key),
          header.length / 2,
          ...header,
          plan.context,
          JSON.stringify(plan.tasks.map((task) => task.id)),
          `${shard}:plans:${plan.spec.tenant}`,
          plan.spec.policy.timeoutMs ?? 0,
          hashes,
        )) as ['created' | 'exists', string, string]
        if (answer[0] === 'exists') {
          if (staged !== '') await redis.unlink(staged)
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
        const raw = await redis.hget(keyOf(planId), 'batch')
        return raw === null ? undefined : (JSON.parse(raw) as RetryBatch)
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
        const [base, reopened] = await redis.hmget(keyOf(planId), 'base', 'reopened')
        return { base: base ?? undefined, reopened: Number(reopened ?? 0) }
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

/** Whether some of its tasks wait for others, or for its limit. */
function isConstrained({ spec, initial }: NewPlan): boolean {
  return spec.units.limit !== null || initial.held.size > 0
}

function headerFields(plan: NewPlan, retentionMs: number): (string | number)[] {
  const { spec, usage } = plan
  const units = Math.ceil(plan.tasks.length / spec.units.size)
  const bundles = spec.units.size > 1 ? units : 0
  const constrained = isConstrained(plan)
  return [
    'spec',
    JSON.stringify(spec),
    'requestHash',
    plan.requestHash,
    'n:queued',
    plan.tasks.length,
    'onFailure',
    spec.policy.onFailure,
    'constrained',
    constrained ? 1 : 0,
    'limit',
    spec.units.limit ?? 0,
    'inFlight',
    constrained ? plan.initial.released.length : 0,
    'nextUnit',
    units,
    ...(bundles === 0
      ? []
      : ['bundles', bundles, 'tickets', bundles, 'bundleSize', spec.units.size]),
    'budgetNanos',
    Math.round((spec.policy.budgetUsd ?? 0) * 1e9),
    'webhookEvents',
    spec.webhook === undefined ? '' : `,${spec.webhook.events.join(',')},`,
    ...(usage.steps === 0 ? [] : usageFields(usage)),
    'retentionMs',
    retentionMs,
    'syn:pending',
    1,
    ...(spec.units.writesSynthesis ? ['syn:own', finalSynthesisJobId(spec.id, 0)] : []),
    'syn:status',
    spec.synthesis === false ? 'disabled' : 'pending',
    'syn:none',
    spec.synthesis === false ? 1 : 0,
    ...(spec.synthesis === false || spec.synthesis.every === undefined
      ? []
      : ['syn:every', spec.synthesis.every]),
  ]
}

function usageFields({ costUsd, ...tokens }: Usage): (string | number)[] {
  const counts = Object.entries(tokens).flatMap(([name, count]) => [`u:${name}`, count])
  return [...counts, 'u:costNanos', Math.round(costUsd * 1e9)]
}

/** The same order as `make_ready` in the scripts. */
function rankOf({ tasks, spec }: NewPlan, unit: number): number {
  const priority = spec.units.size > 1 ? 0 : (tasks[unit]?.priority ?? 0)
  return unit - priority * 1e7
}

/**
 * What a plan with an order or a limit needs in addition to its header; see
 * `lua/shared/release.lua`.
 */
function holdingFields(plan: NewPlan): [suffix: string, field: string, value: string | number][] {
  const { size } = plan.spec.units
  const fields: [string, string, string | number][] = []
  const { held, ready } = plan.initial
  for (const unit of ready) fields.push(['ready', String(unit), rankOf(plan, unit)])
  if (size > 1) {
    const ids = inOrderOfPriority(plan.tasks).map(({ id }) => id)
    fields.push(['todo', JSON.stringify(ids), ''])
    return fields
  }
  if (!isConstrained(plan)) return []
  const dependents = new Map<string, string[]>()
  plan.tasks.forEach((task, unit) => {
    fields.push(['units', task.id, unit])
    if (task.priority !== 0) fields.push(['priorities', String(unit), task.priority])
    for (const dependency of task.waitsFor ?? []) {
      const known = dependents.get(dependency)
      if (known === undefined) dependents.set(dependency, [task.id])
      else known.push(task.id)
    }
  })
  for (const [taskId, ids] of dependents) fields.push(['dependents', taskId, JSON.stringify(ids)])
  for (const [unit, count] of held) fields.push(['held', String(unit), count])
  return fields
}
