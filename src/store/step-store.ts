import { boundedUsage } from '../core/contract/usage.ts'
import type { TaskEdits } from '../core/ports/executor.ts'
import type { PersonsMessage, StepStore } from '../core/ports/step-store.ts'
import type { KeptStep, StepAnswer, ToolResult } from '../core/ports/steps.ts'
import { type KeySpace, planKey, shardKey, shardOf } from './keys.ts'
import type { RedisClient } from './redis/connect-redis.ts'
import { whileAvailable } from './redis/while-available.ts'
import type { RunScript } from './scripts.ts'
import { wellFormedJson } from './storable.ts'

/** Messages of one task that wait to be read. */
const MOST_UNREAD = 100

export function redisStepStore(options: {
  redis: RedisClient
  run: RunScript
  space: KeySpace
}): StepStore {
  const { redis, run, space } = options
  const keyOf = (planId: string) => planKey(space, planId)
  const shardOfPlan = (planId: string) => shardKey(space, shardOf(planId))
  return {
    resume: ({ planId, taskId, attempt, token }, name, { anew }) =>
      whileAvailable(async () => {
        const [status, last, bytes, retried, files, ...flat] = (await run(
          'resume-steps',
          keyOf(planId),
          shardOfPlan(planId),
          taskId,
          attempt,
          token,
          name,
          anew ? 1 : 0,
        )) as ['refused' | 'anew' | 'resumed', number, number, number, ...(string | null)[]]
        if (status === 'refused') return { status }
        if (status === 'anew') return { status, last, bytes }
        const changed = JSON.parse(files ?? 'null') as TaskEdits | null
        return {
          status,
          last,
          bytes,
          retried: retried === 1,
          steps: keptSteps(flat),
          files: changed ?? undefined,
        }
      }),

    keep: ({ planId, taskId, attempt, token }, step) =>
      whileAvailable(async () => {
        const [status, bytes, unread] = (await run(
          'keep-step',
          keyOf(planId),
          shardOfPlan(planId),
          taskId,
          attempt,
          token,
          step.name,
          step.number,
          step.part,
          Math.max(0, Math.round(step.ms)),
          step.isComplete ? 1 : 0,
          wellFormedJson(JSON.stringify(step.event)),
          wellFormedJson(step.body),
          JSON.stringify(boundedUsage(step.usage)),
          step.files === undefined ? '' : wellFormedJson(step.files),
          step.message ?? '',
          ...step.replaced.flatMap(({ number, body }) => [number, wellFormedJson(body)]),
        )) as ['refused' | 'kept', number?, (string | null)?]
        if (status === 'refused') return { status }
        return { status, bytes: Number(bytes), unread: messagesIn(unread) }
      }),

    post: (planId, taskId, { id, text }) =>
      whileAvailable(async () => {
        const args = [taskId, id, text.toWellFormed(), MOST_UNREAD]
        const status = await run('post-message', keyOf(planId), shardOfPlan(planId), ...args)
        return status as Awaited<ReturnType<StepStore['post']>>
      }),

    unread: (planId, taskId) =>
      whileAvailable(async () => messagesIn(await redis.hget(`${keyOf(planId)}:messages`, taskId))),

    read: (planId, taskId, after, count) =>
      whileAvailable(async () => {
        const key = `${keyOf(planId)}:steps`
        const raw = await redis.hget(key, taskId)
        if (raw === null) return { steps: [], last: 0 }
        const { first, count: last } = JSON.parse(raw) as { first: number; count: number }
        const from = Math.max(first, after + 1)
        const numbers = Array.from(
          { length: Math.max(0, Math.min(count, last - from + 1)) },
          (_, at) => from + at,
        )
        if (numbers.length === 0) return { steps: [], last }
        const fields = numbers.flatMap((number) => [`${taskId}#${number}`, `${taskId}#${number}+`])
        const found = await redis.hmget(key, ...fields)
        const flat = numbers.flatMap((number, at) => [
          `${number}`,
          found[2 * at] ?? null,
          found[2 * at + 1] ?? null,
        ])
        return { steps: keptSteps(flat), last }
      }),
  }
}

function messagesIn(raw: string | null | undefined): PersonsMessage[] {
  return raw === null || raw === undefined ? [] : (JSON.parse(raw) as PersonsMessage[])
}

/** Parses `[number, answer, results, …]`; a step without a stored answer is left out. */
function keptSteps(flat: readonly (string | number | null)[]): KeptStep[] {
  const steps: KeptStep[] = []
  for (let at = 0; at + 2 < flat.length; at += 3) {
    const [number, answer, results] = flat.slice(at, at + 3)
    if (typeof answer !== 'string') continue
    const { times, body } = partsOf<StepAnswer>(answer)
    const said = typeof results === 'string' ? partsOf<ToolResult[]>(results) : undefined
    steps.push({
      ...body,
      number: Number(number),
      attempt: times.attempt,
      startedAt: times.startedAt ?? 0,
      finishedAt: times.finishedAt ?? said?.times.finishedAt,
      ...(said === undefined ? {} : { results: said.body }),
    })
  }
  return steps
}

interface Times {
  attempt: number
  startedAt?: number
  finishedAt?: number
}

/** Splits a value into the times that a script wrote and the body that the worker sent. */
function partsOf<Body>(raw: string): { times: Times; body: Body } {
  const end = raw.indexOf('\n')
  return { times: JSON.parse(raw.slice(0, end)), body: JSON.parse(raw.slice(end + 1)) }
}
