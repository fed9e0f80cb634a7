import type { TaskSpec } from '../contract/task-spec.ts'
import type { WaitingFor } from '../contract/waiting.ts'
import type { ProviderView, WorkerView } from '../contract/workers.ts'
import type { PlanRecord, TaskState } from '../ports/records.ts'
import type { TaskStore } from '../ports/task-life.ts'

/** The current state of the service around the plan. */
export interface Standing {
  workers: readonly WorkerView[]
  providers: readonly ProviderView[]
  /** The `provider:model` that a task calls first; `undefined` if it calls none that is known. */
  modelOf: (spec: TaskSpec) => string | undefined
}

export interface WaitingDeps {
  tasks: Pick<TaskStore, 'states'>
  standing: () => Promise<Standing>
}

interface Task {
  spec: TaskSpec
  state: TaskState
}

/** A task may depend on thousands; readers only need some of them. */
const MOST_DEPENDENCIES = 20

/**
 * What each task is waiting for. Computed on reading, because most of it is not part of the plan.
 */
export async function waitingFor(
  deps: WaitingDeps,
  record: PlanRecord,
  tasks: readonly Task[],
): Promise<Map<string, WaitingFor[]>> {
  const queued = tasks.filter(({ state }) => state.status === 'queued')
  if (queued.length === 0) return new Map()
  const ids = [...new Set(queued.flatMap(({ spec }) => spec.waitsFor ?? []))]
  const [states, standing] = await Promise.all([
    deps.tasks.states(record.spec.id, ids),
    deps.standing(),
  ])
  const statuses = new Map(ids.map((id, index) => [id, states[index]?.status ?? 'queued'] as const))
  return new Map(
    queued.map((task) => {
      const dependencies = (task.spec.waitsFor ?? [])
        .map((taskId) => ({ taskId, status: statuses.get(taskId) ?? ('queued' as const) }))
        .filter(({ status }) => status !== 'succeeded')
        .slice(0, MOST_DEPENDENCIES)
        .map((dependency): WaitingFor => ({ kind: 'dependency', ...dependency }))
      const reasons = dependencies.length > 0 ? dependencies : turnOf(record, task, standing)
      return [task.spec.id, reasons]
    }),
  )
}

function turnOf(record: PlanRecord, { spec, state }: Task, standing: Standing): WaitingFor[] {
  const { mode, policy } = record.spec
  const maxConcurrency = mode === 'sequential' ? 1 : policy.maxConcurrency
  const { running } = record.counts
  if (maxConcurrency !== undefined && running >= maxConcurrency) {
    return [{ kind: 'limit', running, maxConcurrency }]
  }
  const able = standing.workers.filter(({ executors }) => executors.includes(spec.executor))
  if (able.length === 0) return [{ kind: 'worker', executor: spec.executor }]
  const model = standing.modelOf(spec)
  const until = standing.providers.find(({ key }) => key === model)?.heldUntil
  if (model !== undefined && until !== undefined && until !== null) {
    return [{ kind: 'provider', model, until }]
  }
  const again =
    state.retryAt === undefined ? {} : { notBefore: new Date(state.retryAt).toISOString() }
  return [{ kind: 'slot', workers: able.length, ...again }]
}
