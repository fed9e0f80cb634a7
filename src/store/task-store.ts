import { hostname } from 'node:os'
import type { TaskSpec } from '../core/contract/task-spec.ts'
import { boundedUsage } from '../core/contract/usage.ts'
import type { Stop } from '../core/ports/records.ts'
import type { AttemptEnd, BegunTask, TaskLife, TaskStore } from '../core/ports/task-life.ts'
import { type KeySpace, planKey, shardKey, shardOf } from './keys.ts'
import { outputPrint } from './output-print.ts'
import { pagesOf, withStagedPages } from './paged-value.ts'
import { storedAttempt, taskState } from './records.ts'
import type { RedisClient } from './redis/connect-redis.ts'
import { gather } from './redis/gather.ts'
import { readAcrossShards } from './redis/read-across-shards.ts'
import { repliesOf } from './redis/replies-of.ts'
import { whileAvailable } from './redis/while-available.ts'
import { requeueEntries } from './requeue-entries.ts'
import type { RunScript } from './scripts.ts'
import { settleTasks } from './settle-tasks.ts'
import { storableJson } from './storable.ts'
import { redisTaskAdditions } from './task-additions.ts'
import { outputPagesKey, redisTaskOutputs } from './task-outputs.ts'

export function redisTaskStore(options: { redis: RedisClient; space: KeySpace }): TaskStore {
  const { redis } = options
  const keyOf = (planId: string) => planKey(options.space, planId)
  return {
    specs: (planId, taskIds) =>
      whileAvailable(async () => {
        if (taskIds.length === 0) return []
        const found = await redis.hmget(`${keyOf(planId)}:specs`, ...taskIds)
        return found.map((raw) => (raw === null ? undefined : (JSON.parse(raw) as TaskSpec)))
      }),
    states: (planId, taskIds) =>
      whileAvailable(async () => {
        if (taskIds.length === 0) return []
        const [createdAt, found] = await Promise.all([
          redis.hget(keyOf(planId), 'createdAt'),
          redis.hmget(`${keyOf(planId)}:tasks`, ...taskIds),
        ])
        return found.map((raw) => taskState(raw, Number(createdAt ?? 0)))
      }),
    attempts: (planId, taskId, count) =>
      whileAvailable(async () => {
        if (count === 0) return []
        const fields = Array.from({ length: count }, (_, at) => `${taskId}#${at + 1}`)
        const found = await redis.hmget(`${keyOf(planId)}:attempts`, ...fields)
        return found.flatMap((raw) => (raw === null ? [] : [storedAttempt(raw)]))
      }),
    specSizes: (planId, taskIds) =>
      whileAvailable(async () => {
        const pipeline = redis.pipeline()
        for (const taskId of taskIds) pipeline.hstrlen(`${keyOf(planId)}:specs`, taskId)
        return repliesOf(await pipeline.exec()).map(Number)
      }),
    ...redisTaskOutputs(options),
    ended: (planId, after, count) =>
      whileAvailable(async () => {
        const found = await redis.zrange(
          `${keyOf(planId)}:ended`,
          `(${after}`,
          '+inf',
          'BYSCORE',
          'LIMIT',
          0,
          count,
          'WITHSCORES',
        )
        const ids = found.filter((_, at) => at % 2 === 0)
        return { ids, last: Number(found.at(-1) ?? after) }
      }),
  }
}

/** The name recorded with attempts: which process, on which machine. */
export function workerName(): string {
  return `${hostname()}:${process.pid}`
}

/**
 * Steps of the same plan that are requested at the same moment go to Redis in one script: a unit of
 * forty tasks begins with one call, and tasks that end together end with one.
 */
export function redisTaskLife(options: {
  redis: RedisClient
  run: RunScript
  space: KeySpace
  workerId: string
  /** How often the worker of a task may die before the task is given up. */
  mostLosses: number
}): TaskLife {
  const { redis, run, space } = options
  const keyOf = (planId: string) => planKey(space, planId)
  const shardOfPlan = (planId: string) => shardKey(space, shardOf(planId))

  const begin = gather<Parameters<TaskLife['begin']>[0], Awaited<ReturnType<TaskLife['begin']>>>(
    (task) => task.planId,
    async (planId, tasks) => {
      const round = Math.max(...tasks.map((task) => task.round))
      const args = tasks.flatMap((task) => [
        task.taskId ?? '',
        task.token,
        task.unit,
        task.delivery,
      ])
      const [answers, released, unsettled, over] = (await run(
        'begin-task',
        keyOf(planId),
        shardOfPlan(planId),
        options.workerId,
        round,
        options.mostLosses,
        ...args,
      )) as [[string, ...unknown[]][], (string | number)[], number, number]
      const more = unsettled === 1 ? await settleTasks(options, planId) : []
      return answers.map((answer, index) => ({
        ...begunTask(answer),
        released: index === 0 ? [...released.map(Number), ...more] : [],
        isOver: over === 1,
      }))
    },
  )

  const end = gather<StorableEnd, Awaited<ReturnType<TaskLife['end']>>>(
    ({ planId }) => planId,
    async (planId, ends) => {
      const [answers, released, due, unsettled, over] = (await run(
        'end-task',
        keyOf(planId),
        shardOfPlan(planId),
        ends.flatMap(({ args }) => args),
      )) as [('recorded' | 'refused' | 'gone')[], (string | number)[], number, number, number]
      const more = unsettled === 1 ? await settleTasks(options, planId) : []
      // Follow-up work is handed to only one of the callers, because it must be done once.
      return answers.map((status, index) => ({
        status,
        released: index === 0 ? [...released.map(Number), ...more] : [],
        preliminary: index === 0 && due > 0 ? due : undefined,
        isOver: over === 1,
      }))
    },
    ({ bytes }) => bytes,
  )

  /** Runs a script that must not interrupt a retry halfway. */
  async function runSettled(
    name: 'cancel-tasks' | 'stop-plan',
    planId: string,
    ...args: (string | readonly string[])[]
  ): Promise<unknown> {
    while (true) {
      const answer = (await run(name, keyOf(planId), shardOfPlan(planId), ...args)) as [string]
      if (answer[0] !== 'unsettled') return answer
      // Whoever seals the batch of the retry promotes what this releases.
      await settleTasks(options, planId)
    }
  }

  return {
    ...redisTaskAdditions(options),
    begin: (task) => whileAvailable(() => begin(task)),
    end: (attempt) =>
      whileAvailable(() => {
        const { first, others, inputs, ...storable } = storableEnd(attempt)
        const pagesKey = (id: string) => outputPagesKey(options.space, attempt.planId, id)
        return withStagedPages(redis, pagesKey, others, ({ key, count }) =>
          end({
            ...storable,
            args: [...storable.args, first, key, count, inputs],
            bytes: first.length + inputs.length,
          }),
        )
      }),
    cancel: (planId, { tasks = [], status = [] }) =>
      whileAvailable(async () => {
        const [answer, value, unsettled] = (await runSettled(
          'cancel-tasks',
          planId,
          status.length === 0 ? '' : `,${status.join(',')},`,
          tasks,
        )) as ['gone'] | ['unknown' | 'ended', string] | ['cancelled', (string | number)[], number]
        if (answer === 'gone') return { status: answer }
        if (answer === 'cancelled') {
          const more = unsettled === 1 ? await settleTasks(options, planId) : []
          return { status: answer, released: [...value.map(Number), ...more] }
        }
        return { status: answer, taskId: value === '' ? undefined : value }
      }),
    stop: (planId, code, message) =>
      whileAvailable(async () => {
        const [status, released, unsettled] = (await runSettled(
          'stop-plan',
          planId,
          code,
          message,
        )) as ['gone' | 'finished' | 'not-due' | 'stopped', (string | number)[], number]
        const more = unsettled === 1 ? await settleTasks(options, planId) : []
        return { status, released: [...released.map(Number), ...more] }
      }),
    requeue: (planId, batch, { budgetUsd, timeoutMs, users = [] } = {}) =>
      whileAvailable(async () => {
        const { entries, others } = requeueEntries(batch)
        const [status, value = '', by = ''] = (await run(
          'retry-tasks',
          keyOf(planId),
          shardOfPlan(planId),
          JSON.stringify(batch),
          batch.firstUnit,
          budgetUsd === undefined ? '' : budgetUsd,
          timeoutMs ?? 0,
          entries.length,
          others.length,
          entries,
          others,
          users.flatMap(({ taskId, uses }) => [taskId, uses.length, uses[0] ?? '']),
        )) as [string, (string | number)?, string?]
        if (status === 'spent') return { status, spentUsd: Number(value) / 1e9 }
        if (status === 'in-use') return { status, taskId: String(value), by }
        const isUnsettled = status === 'unsettled' || value === 1
        // Whoever seals the batch promotes what this releases, or the sweeper does.
        if (isUnsettled) await settleTasks(options, planId)
        if (status === 'unsettled') return { status: 'changed' }
        return { status: status as 'gone' | 'changed' | 'queued' }
      }),
    settle: (planId) => whileAvailable(() => settleTasks(options, planId)),
    stopped: (planIds) =>
      whileAvailable(async () => {
        const replies = await readAcrossShards(redis, planIds, (pipeline, planId) =>
          pipeline.hmget(keyOf(planId), 'stop', 'spec').smembers(`${keyOf(planId)}:cancels`),
        )
        return planIds.map((planId, index) => {
          const [stop, spec] = (replies[index]?.[0] ?? []) as (string | null)[]
          const cancels = (replies[index]?.[1] ?? []) as string[]
          const deleted: Stop = { code: 'deleted', message: 'The plan was deleted.' }
          const reason = stop ? (JSON.parse(stop) as Stop) : spec === null ? deleted : undefined
          return { planId, cancels, ...(reason === undefined ? {} : { stop: reason }) }
        })
      }),
    released: (planId) =>
      whileAvailable(async () => {
        const units = (await run('released-units', keyOf(planId), shardOfPlan(planId))) as string[]
        return units.map(Number)
      }),
    confirmReleased: (planId, units) =>
      whileAvailable(async () => {
        if (units.length > 0) await redis.srem(`${keyOf(planId)}:released`, ...units)
      }),
    unheld: (planId, units) =>
      whileAvailable(async () => {
        if (units.length === 0) return []
        const shard = shardOfPlan(planId)
        return ((await run('unheld-units', keyOf(planId), shard, ...units)) as string[]).map(Number)
      }),
    nextUnit: (planId) =>
      whileAvailable(async () => {
        while (true) {
          const [unit, unsettled] = await redis.hmget(keyOf(planId), 'nextUnit', 'unsettled')
          if (typeof unsettled !== 'string') return Number(unit ?? 0)
          // The sweeper promotes what this releases.
          await settleTasks(options, planId)
        }
      }),
  }
}

/** The script arguments of an end, with the size of its output, so that large ones are not sent together. */
interface StorableEnd {
  planId: string
  args: (string | number | Buffer)[]
  bytes: number
}

function storableEnd({
  planId,
  taskId,
  attempt,
  token,
  ...end
}: AttemptEnd): Omit<StorableEnd, 'bytes'> & { first: Buffer; others: Buffer[]; inputs: string } {
  const { status, outcome, spends, error, usage, answeredBy, retryInMs, coreTimes } = end
  const result = storableJson({
    ...{ status, outcome, spends, error, answeredBy, retryInMs, coreTimes },
    cachedFrom: end.cachedFrom,
    print: status === 'succeeded' && end.output ? outputPrint(end.output) : undefined,
    usage: usage && boundedUsage(usage),
  })
  const [first = Buffer.alloc(0), ...others] = pagesOf(
    end.output === undefined ? '' : storableJson(end.output),
  )
  const inputs = status !== 'succeeded' || !end.inputs ? '' : JSON.stringify(end.inputs)
  return { planId, args: [taskId, attempt, token, result], first, others, inputs }
}

function begunTask([status, ...rest]: [string, ...unknown[]]): BegunTask {
  switch (status) {
    case 'begun':
      return {
        status,
        attempt: Number(rest[0]),
        spent: Number(rest[1]),
        spec: JSON.parse(String(rest[2])) as TaskSpec,
        waitedMs: Number(rest[3]),
        lost: Number(rest[4]),
        taskId: String(rest[5]),
        goesOn: Number(rest[6]) === 1,
        issued: Number(rest[7]) === 0 ? undefined : Number(rest[7]),
        isAnew: Number(rest[8]) === 1,
      }
    case 'wait':
      return { status, ms: Number(rest[0]), taskId: String(rest[1]) }
    case 'gone':
    case 'none':
      return { status }
    default:
      return { status: 'ended', lost: Number(rest[0]), taskId: String(rest[1]) }
  }
}
