import type { TaskSpec } from '../contract/task-spec.ts'
import type { WaitingFor } from '../contract/waiting.ts'
import type { ProviderView, WorkerView } from '../contract/workers.ts'
import type { PlanRecord, TaskState } from '../ports/records.ts'
import type { TaskStore } from '../ports/task-life.ts'

/** The service beside the plan, as it is now. */
export interface Standing {
  workers: readonly WorkerView[]
  providers: readonly ProviderView[]
  /** `provider:model` that a task calls first; `undefined` where it calls none that is known. */
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

/** A task may depend on thousands; who reads this wants to know of some. */
const MOST_DEPENDENCIES = 20

/** What each of the tasks waits for: worked out as it is read, because most of it is not the plan's. */
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
