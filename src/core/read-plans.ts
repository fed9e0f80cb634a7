import type { PlansApi, SynthesesApi, TasksApi, Wait } from './api.ts'
import { ServiceError } from './errors.ts'
import {
  attemptView,
  outputTask,
  planStatusOf,
  planView,
  taskSummary,
  waveNumbers,
} from './plan-views.ts'
import { renderFullPrompt, renderTaskPrompt } from './prompt.ts'
import { buildReport } from './report.ts'
import { isEnded, isFinished } from './status.ts'
import type { PlanStore, SynthesisStore, TaskStore } from './store.ts'
import type { PlanRecord, TaskState } from './stored.ts'
import type { TaskSpec } from './submission.ts'
import type { Synthesis } from './synthesis.ts'
import { buildTodos } from './todos.ts'
import type { OutputTask, TaskDetail } from './views.ts'
import type { Waiting } from './waiting.ts'

export interface ReadDeps {
  plans: PlanStore
  tasks: TaskStore
  syntheses: SynthesisStore
  waiting: Waiting
}

/** Tasks read at once where all of a plan's are needed. */
const CHUNK = 500
/** Plans looked through at most for one page of one status. */
const MOST_SCANNED = 2_000

export async function requirePlan(
  deps: Pick<ReadDeps, 'plans'>,
  tenant: string,
  planId: string,
): Promise<PlanRecord> {
  const record = await deps.plans.get(planId)
  // Another tenant's plan is answered as if there were none: ids cannot be probed.
  if (record === undefined || record.spec.tenant !== tenant) {
    throw new ServiceError('plan-not-found', `There is no plan ${planId.slice(0, 80)}.`)
  }
  return record
}

/** @throws {ServiceError} task-not-found */
export async function requireTask(
  deps: Pick<ReadDeps, 'tasks'>,
  planId: string,
  taskId: string,
): Promise<{ spec: TaskSpec; state: TaskState }> {
  const [[spec], [state]] = await Promise.all([
    deps.tasks.specs(planId, [taskId]),
    deps.tasks.states(planId, [taskId]),
  ])
  if (spec === undefined || state === undefined) {
    throw new ServiceError('task-not-found', `The plan has no task ${taskId.slice(0, 80)}.`)
  }
  return { spec, state }
}

export async function* allTasks(
  deps: Pick<ReadDeps, 'plans' | 'tasks'>,
  planId: string,
): AsyncGenerator<{ spec: TaskSpec; state: TaskState }> {
  const ids = await deps.plans.taskIds(planId)
  for (let at = 0; at < ids.length; at += CHUNK) {
    const some = ids.slice(at, at + CHUNK)
    const [specs, states] = await Promise.all([
      deps.tasks.specs(planId, some),
      deps.tasks.states(planId, some),
    ])
    for (const [index, spec] of specs.entries()) {
      const state = states[index]
      if (spec !== undefined && state !== undefined) yield { spec, state }
    }
  }
}

export function readPlans(deps: ReadDeps): Pick<PlansApi, 'list' | 'get' | 'report' | 'todos'> {
  return {
    async list({ tenant, status, limit, cursor }) {
      const items: PlanRecord[] = []
      let before = cursor === undefined ? undefined : decodeCursor(cursor)
      let scanned = 0
      let more = true
      while (more && items.length < limit && scanned < MOST_SCANNED) {
        const wanted = status === undefined ? limit : 200
        const page = await deps.plans.list({ tenant, limit: wanted, before })
        scanned += wanted
        more = page.next !== undefined
        before = page.next
        for (const record of page.plans) {
          if (status !== undefined && planStatusOf(record) !== status) continue
          items.push(record)
          if (items.length < limit) continue
          // The page may hold more: go on after this one.
          before = `${record.createdAt}~${record.spec.id}`
          more = more || record !== page.plans.at(-1)
          break
        }
      }
      return {
        items: items.map((record) => planView(record, { waves: false })),
        nextCursor: more && before !== undefined ? encodeCursor(before) : null,
      }
    },

    async get(tenant, planId, wait) {
      if (wait === undefined) {
        return planView(await requirePlan(deps, tenant, planId), { waves: true })
      }
      let latest: PlanRecord | undefined
      await deps.waiting.until(
        planId,
        (change) => change.type === 'plan.finished',
        async () => {
          latest = await requirePlan(deps, tenant, planId)
          return latest.outcome
        },
        wait,
      )
      const record = latest ?? (await requirePlan(deps, tenant, planId))
      return planView(record, { waves: true })
    },

    async report(tenant, planId) {
      const record = await requirePlan(deps, tenant, planId)
      const tasks: Parameters<typeof buildReport>[0]['tasks'] = []
      for await (const { spec, state } of allTasks(deps, planId)) {
        tasks.push({
          taskId: spec.id,
          status: state.status,
          dependsOn: spec.waitsFor ?? [],
          queuedAt: state.queuedAt ?? record.createdAt,
          startedAt: state.startedAt,
          finishedAt: state.finishedAt,
          attempts: state.attempt,
          lost: state.unspent,
        })
      }
      return buildReport({
        tasks,
        usage: record.usage,
        now: Date.now(),
        createdAt: record.createdAt,
        maxConcurrency: record.spec.policy.maxConcurrency,
        mode: record.spec.mode,
      })
    },

    async todos(tenant, planId) {
      const record = await requirePlan(deps, tenant, planId)
      const tasks: { description: string; status: TaskState['status'] }[] = []
      for await (const { spec, state } of allTasks(deps, planId)) {
        tasks.push({ description: spec.description, status: state.status })
      }
      return buildTodos(tasks, { status: record.synthesis.status })
    },
  }
}

export function readTasks(deps: ReadDeps): Pick<TasksApi, 'list' | 'get' | 'output' | 'outputs'> {
  return {
    async list({ tenant, planId, status, limit, cursor }) {
      const record = await requirePlan(deps, tenant, planId)
      const waves = waveNumbers(record.spec.waves)
      const ids = await deps.plans.taskIds(planId)
      let at = cursor === undefined ? 0 : Number(decodeCursor(cursor))
      if (!Number.isInteger(at) || at < 0) throw badCursor()
      const items: ReturnType<typeof taskSummary>[] = []
      while (at < ids.length && items.length < limit) {
        const some = ids.slice(at, at + (status === undefined ? limit : CHUNK))
        const [specs, states] = await Promise.all([
          deps.tasks.specs(planId, some),
          deps.tasks.states(planId, some),
        ])
        for (const [index, spec] of specs.entries()) {
          const state = states[index]
          if (items.length >= limit) break
          at += 1
          if (spec === undefined || state === undefined) continue
          if (status !== undefined && state.status !== status) continue
          items.push(taskSummary(planId, spec, state, waves.get(spec.id) ?? 1))
        }
      }
      return { items, nextCursor: at < ids.length ? encodeCursor(String(at)) : null }
    },

    get: (tenant, planId, taskId) => taskDetail(deps, tenant, planId, taskId),

    async output(tenant, planId, taskId, wait) {
      await requirePlan(deps, tenant, planId)
      const { spec, state } = await requireTask(deps, planId, taskId)
      const answer = async (now: TaskState): Promise<OutputTask> => {
        const [output] = await deps.tasks.outputs(planId, [taskId])
        return outputTask(spec, now, output)
      }
      if (isEnded(state.status)) {
        return { retrievalStatus: 'success', task: await answer(state) }
      }
      if (wait === undefined) return { retrievalStatus: 'not_ready', task: await answer(state) }
      const ended = await deps.waiting.until(
        planId,
        (change) => change.type === 'task.finished' && change.taskId === taskId,
        async () => {
          const { state: now } = await requireTask(deps, planId, taskId)
          return isEnded(now.status) ? now : undefined
        },
        wait,
      )
      if (ended !== undefined) return { retrievalStatus: 'success', task: await answer(ended) }
      const { state: now } = await requireTask(deps, planId, taskId)
      return { retrievalStatus: 'timeout', task: await answer(now) }
    },

    async *outputs(tenant, planId) {
      await requirePlan(deps, tenant, planId)
      let from = 0
      while (true) {
        const ids = await deps.tasks.endedIds(planId, from, 100)
        if (ids.length === 0) return
        from += ids.length
        const [specs, states, outputs] = await Promise.all([
          deps.tasks.specs(planId, ids),
          deps.tasks.states(planId, ids),
          deps.tasks.outputs(planId, ids),
        ])
        for (const [index, spec] of specs.entries()) {
          const state = states[index]
          if (spec !== undefined && state !== undefined && isEnded(state.status)) {
            yield outputTask(spec, state, outputs[index])
          }
        }
      }
    },
  }
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
  const [context, attempts, specs, states, outputs] = await Promise.all([
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
    ...taskSummary(planId, spec, state, wave),
    attempts: attempts.map(attemptView),
    timeoutMs: spec.timeoutMs,
    priority: spec.priority,
    ...(spec.files === undefined ? {} : { files: spec.files }),
    prompt: renderFullPrompt(context, renderTaskPrompt(spec, dependencies)),
  }
}

export function readSyntheses(deps: ReadDeps): Pick<SynthesesApi, 'newest' | 'all' | 'get'> {
  async function newest(planId: string): Promise<Synthesis | undefined> {
    const record = await deps.plans.get(planId)
    const version = record?.synthesis.version ?? 0
    return version === 0 ? undefined : deps.syntheses.get(planId, version)
  }
  return {
    async newest(tenant, planId, wait) {
      const record = await requirePlan(deps, tenant, planId)
      if (record.synthesis.version === 0 && record.spec.synthesis === false) {
        throw new ServiceError(
          'synthesis-disabled',
          'The plan was submitted with "synthesis": false. POST …/syntheses asks for one.',
        )
      }
      const { version } = record.synthesis
      const found =
        version > 0 && (wait === undefined || record.outcome !== undefined)
          ? await deps.syntheses.get(planId, version)
          : await waited(deps, planId, () => newest(planId), wait)
      if (found !== undefined) return found
      throw new ServiceError(
        'synthesis-not-ready',
        `The plan is ${planStatusOf(record)}; its synthesis follows when its tasks have ended.`,
        { retryAfterSeconds: 1 },
      )
    },
    async all(tenant, planId) {
      await requirePlan(deps, tenant, planId)
      return deps.syntheses.all(planId)
    },
    async get(tenant, planId, version) {
      await requirePlan(deps, tenant, planId)
      const found = await deps.syntheses.get(planId, version)
      if (found !== undefined) return found
      throw new ServiceError('synthesis-not-found', `The plan has no synthesis ${version}.`)
    },
  }
}

/** A version while one is awaited: preliminary ones count, the caller sees that they are. */
async function waited(
  deps: ReadDeps,
  planId: string,
  read: () => Promise<Synthesis | undefined>,
  wait: Wait | undefined,
): Promise<Synthesis | undefined> {
  const ready = async () => {
    const found = await read()
    if (found === undefined || !found.preliminary) return found
    const record = await deps.plans.get(planId)
    return record !== undefined && isFinished(planStatusOf(record)) ? found : undefined
  }
  if (wait === undefined) return read()
  const concerns = (change: { type: string }) =>
    change.type === 'synthesis.finished' || change.type === 'plan.finished'
  return (await deps.waiting.until(planId, concerns, ready, wait)) ?? read()
}

function encodeCursor(text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

function decodeCursor(cursor: string): string {
  try {
    const text = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'))
    if (/^\d+(~[0-9a-z]+)?$/.test(text)) return text
  } catch {
    // Not base64: told below like any other.
  }
  throw badCursor()
}

function badCursor(): ServiceError {
  return new ServiceError('invalid-request', 'The cursor is not one that this service gave out.', {
    errors: [{ pointer: '?cursor', detail: 'must be a `nextCursor` of this list' }],
  })
}
