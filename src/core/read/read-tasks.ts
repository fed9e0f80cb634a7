import type { Pieces, TasksApi } from '../contract/api.ts'
import { badCursor, decodeCursor, encodeCursor } from '../contract/cursor.ts'
import { isEnded } from '../contract/status.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { TaskDetail, TaskOutputAnswer } from '../contract/views.ts'
import type { TaskState } from '../ports/records.ts'
import { renderFullPrompt, renderTaskPrompt } from '../text/prompt.ts'
import { outputPieces } from './output-pieces.ts'
import { inPages, withinBytes } from './pages.ts'
import { attemptView, outputTask, taskSummary, waveNumbers } from './plan-views.ts'
import { type ReadDeps, requirePlan, requireTask } from './require-plan.ts'
import { waitingFor } from './waiting-for.ts'

/** Bytes of outputs that one reader holds at a time, however slowly it reads; or one larger output. */
const OUTPUT_BYTES_AT_ONCE = 250_000

export function readTasks(deps: ReadDeps): Pick<TasksApi, 'list' | 'get' | 'output' | 'outputs'> {
  /** JSON of `OutputTask`. */
  async function outputOf(planId: string, spec: TaskSpec, state: TaskState): Promise<Pieces> {
    const stored = await deps.tasks.storedOutput(planId, spec.id)
    return stored === undefined
      ? inOne(encode(outputTask(spec, state, undefined)))
      : outputPieces({ spec, state }, stored)
  }
  return {
    async list({ tenant, planId, status, limit, cursor }) {
      const record = await requirePlan(deps, tenant, planId)
      const waves = waveNumbers(record.spec.waves)
      const ids = await deps.plans.taskIds(planId)
      let at = cursor === undefined ? 0 : Number(decodeCursor(cursor))
      if (!Number.isInteger(at) || at < 0) throw badCursor()
      const found: { spec: TaskSpec; state: TaskState }[] = []
      const left = status === undefined ? ids.slice(at, at + limit) : ids.slice(at)
      for await (const some of inPages(deps.tasks, planId, left)) {
        const [specs, states] = await Promise.all([
          deps.tasks.specs(planId, some),
          deps.tasks.states(planId, some),
        ])
        for (const [index, spec] of specs.entries()) {
          const state = states[index]
          if (found.length >= limit) break
          at += 1
          if (spec === undefined || state === undefined) continue
          if (status !== undefined && state.status !== status) continue
          found.push({ spec, state })
        }
        if (found.length >= limit) break
      }
      const reasons = await waitingFor(deps, record, found)
      const items = found.map(({ spec, state }) =>
        taskSummary(planId, spec, state, waves.get(spec.id) ?? 1, reasons.get(spec.id)),
      )
      return { items, nextCursor: at < ids.length ? encodeCursor(String(at)) : null }
    },

    get: (tenant, planId, taskId) => taskDetail(deps, tenant, planId, taskId),

    async output(tenant, planId, taskId, wait) {
      await requirePlan(deps, tenant, planId)
      const { spec, state } = await requireTask(deps, planId, taskId)
      const answer = async (
        retrievalStatus: TaskOutputAnswer['retrievalStatus'],
        now: TaskState,
      ): Promise<Pieces> => withTask({ retrievalStatus }, await outputOf(planId, spec, now))
      if (isEnded(state.status)) return answer('success', state)
      if (wait === undefined) return answer('not_ready', state)
      const ended = await deps.waiting.until(
        planId,
        (change) => change.type === 'task.finished' && change.taskId === taskId,
        async () => {
          const { state: now } = await requireTask(deps, planId, taskId)
          return isEnded(now.status) ? now : undefined
        },
        wait,
      )
      if (ended !== undefined) return answer('success', ended)
      const { state: now } = await requireTask(deps, planId, taskId)
      return answer('timeout', now)
    },

    async *outputs(tenant, planId) {
      await requirePlan(deps, tenant, planId)
      let after = 0
      /** A task that was retried and ended again during the read is listed once. */
      const told = new Set<string>()
      while (true) {
        const ended = await deps.tasks.ended(planId, after, 100)
        if (ended.ids.length === 0) return
        after = ended.last
        const ids = ended.ids.filter((id) => !told.has(id))
        const sizes = await deps.tasks.outputSizes(planId, ids)
        for (const some of withinBytes(ids, sizes, OUTPUT_BYTES_AT_ONCE)) {
          const isLarge = some.length === 1
          const [specs, states, outputs] = await Promise.all([
            deps.tasks.specs(planId, some),
            deps.tasks.states(planId, some),
            isLarge ? [] : deps.tasks.outputs(planId, some),
          ])
          for (const [index, spec] of specs.entries()) {
            const state = states[index]
            if (spec === undefined || state === undefined || !isEnded(state.status)) continue
            told.add(spec.id)
            yield isLarge
              ? await outputOf(planId, spec, state)
              : inOne(encode(outputTask(spec, state, outputs[index])))
          }
        }
      }
    },
  }
}

const ENCODER = new TextEncoder()

function encode(value: unknown): Uint8Array {
  return ENCODER.encode(JSON.stringify(value))
}

async function* inOne(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** The answer with a task that is JSON already. */
async function* withTask(
  answer: Omit<TaskOutputAnswer, 'task'>,
  task: Pieces,
): AsyncGenerator<Uint8Array> {
  yield ENCODER.encode(`${JSON.stringify(answer).slice(0, -1)},"task":`)
  yield* task
  yield ENCODER.encode('}')
}

export async function taskDetail(
  deps: ReadDeps,
  tenant: string,
  planId: string,
  taskId: string,
): Promise<TaskDetail> {
  const record = await requirePlan(deps, tenant, planId)
  const { spec, state } = await requireTask(deps, planId, taskId)
  const dependsOn = spec.dependsOn ?? []
  const [reasons, context, attempts, specs, states, outputs] = await Promise.all([
    waitingFor(deps, record, [{ spec, state }]),
    deps.plans.context(planId),
    deps.tasks.attempts(planId, taskId, state.attempt),
    deps.tasks.specs(planId, dependsOn),
    deps.tasks.states(planId, dependsOn),
    deps.tasks.outputs(planId, dependsOn),
  ])
  const ready = states.every((dependency) => dependency.status === 'succeeded')
  const dependencies = ready
    ? dependsOn.map((id, index) => ({
        taskId: id,
        description: specs[index]?.description ?? id,
        status: states[index]?.status ?? ('succeeded' as const),
        text: outputs[index]?.text ?? '',
      }))
    : []
  const wave = waveNumbers(record.spec.waves).get(taskId) ?? 1
  return {
    ...taskSummary(planId, spec, state, wave, reasons.get(taskId)),
    attempts: attempts.map(attemptView),
    timeoutMs: spec.timeoutMs,
    priority: spec.priority,
    ...(spec.files === undefined ? {} : { files: spec.files }),
    prompt: renderFullPrompt(context, renderTaskPrompt(spec, dependencies)),
  }
}
