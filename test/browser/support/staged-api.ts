import type { Api, PlanEvent } from '../../../src/core/contract/api.ts'
import { ServiceError } from '../../../src/core/contract/errors.ts'
import { isFinished } from '../../../src/core/contract/status.ts'
import type { Step } from '../../../src/core/contract/steps.ts'
import type { Synthesis } from '../../../src/core/contract/synthesis.ts'
import { NO_USAGE } from '../../../src/core/contract/usage.ts'
import type {
  DryRun,
  OutputTask,
  Plan,
  Report,
  TaskDetail,
} from '../../../src/core/contract/views.ts'
import type { WorkersView } from '../../../src/core/contract/workers.ts'
import { inOnePiece } from '../../support/exporting.ts'
import { stagedExecutors } from './executors.ts'

/** A plan that stands exactly as a test put it, until the test moves it. */
export interface StagedPlan {
  plan: Plan
  tasks: TaskDetail[]
  outputs: Map<string, OutputTask>
  /** By task. */
  steps?: Map<string, Step[]>
  syntheses: Synthesis[]
  report: Report
  events: PlanEvent[]
}

export interface Stage {
  api: Api
  plans: Map<string, StagedPlan>
  /** The page's requests: `cancel p1`, `retry p1 security` … */
  calls: string[]
  dryRun: DryRun | ServiceError | undefined
  workers: WorkersView
  /** Sends an event to whoever follows the plan. */
  emit(planId: string, type: string, data: Record<string, unknown>): void
  /** Ends every open event stream, as a lost connection does. */
  dropStreams(): void
}

/** Behind the real HTTP layer in place of the real use cases: for states that are hard to reach. */
export function createStage(): Stage {
  const plans = new Map<string, StagedPlan>()
  const calls: string[] = []
  const followers = new Set<{ wake(): void; drop(): void }>()
  const find = (planId: string): StagedPlan => {
    const found = plans.get(planId)
    if (found === undefined) throw new ServiceError('plan-not-found', 'There is no such plan.')
    return found
  }
  const findTask = (planId: string, taskId: string): TaskDetail => {
    const found = find(planId).tasks.find(({ id }) => id === taskId)
    if (found === undefined) throw new ServiceError('task-not-found', 'There is no such task.')
    return found
  }
  const unsupported = async (): Promise<never> => {
    throw new ServiceError('unavailable', 'Nothing runs on a stage.')
  }

  async function* follow(
    planId: string,
    lastEventId: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<PlanEvent> {
    const staged = find(planId)
    let next = staged.events.findIndex(({ id }) => id === lastEventId) + 1
    if (lastEventId === undefined) {
      next = staged.events.length
      yield snapshot(staged)
    }
    let dropped = false
    while (!signal.aborted && !dropped) {
      const event = staged.events[next]
      if (event !== undefined) {
        next += 1
        yield event
        if (event.type === 'plan.finished') return
        continue
      }
      if (isFinished(staged.plan.status)) return
      await new Promise<void>((resolve) => {
        const follower = {
          wake: resolve,
          drop() {
            dropped = true
            resolve()
          },
        }
        followers.add(follower)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }

  const stage: Stage = {
    plans,
    calls,
    dryRun: undefined,
    workers: { workers: [], queues: [], providers: [] },
    emit(planId, type, data) {
      const { events } = find(planId)
      events.push({ id: `${events.length + 1}-0`, type, data })
      for (const follower of followers) follower.wake()
      followers.clear()
    },
    dropStreams() {
      for (const follower of followers) follower.drop()
      followers.clear()
    },
    api: {
      plans: {
        submit: unsupported,
        add: unsupported,
        async dryRun() {
          if (stage.dryRun instanceof ServiceError) throw stage.dryRun
          if (stage.dryRun === undefined) return unsupported()
          return stage.dryRun
        },
        async list({ status, search = '', minCostUsd = 0, cursor, limit }) {
          const all = [...plans.values()]
            .map(({ plan }) => plan)
            .filter((plan) => status === undefined || plan.status === status)
            .filter((plan) =>
              `${plan.id} ${plan.title}`.toLowerCase().includes(search.toLowerCase()),
            )
            .filter((plan) => plan.usage.costUsd >= minCostUsd)
          const from = Number(cursor ?? 0)
          const items = all.slice(from, from + limit)
          return { items, nextCursor: from + limit < all.length ? `${from + limit}` : null }
        },
        get: async (_tenant, planId) => find(planId).plan,
        async retry(_tenant, planId, tasks) {
          calls.push(`retry ${planId} ${JSON.stringify(tasks)}`)
          return find(planId).plan
        },
        async cancel(_tenant, planId, tasks = {}) {
          calls.push(
            `cancel ${planId}${Object.keys(tasks).length === 0 ? '' : ` ${JSON.stringify(tasks)}`}`,
          )
          return find(planId).plan
        },
        async resume(_tenant, planId, budgetUsd) {
          calls.push(`resume ${planId} ${budgetUsd}`)
          return find(planId).plan
        },
        async delete(_tenant, planId) {
          calls.push(`delete ${planId}`)
          plans.delete(planId)
        },
        report: async (_tenant, planId) => find(planId).report,
        deliveries: async () => [],
        async submission(_tenant, planId) {
          const { title } = find(planId).plan
          return { title, tasks: [{ id: 'a', prompt: 'A', executor: 'echo' }] }
        },
        async todos(_tenant, planId) {
          const todos = find(planId).tasks.map(({ description, status }) => ({
            content: description,
            activeForm: `Working on: ${description}`,
            status: todoStatus(status),
          }))
          return { todos }
        },
      },
      tasks: {
        list: async ({ planId }) => ({ items: find(planId).tasks, nextCursor: null }),
        get: async (_tenant, planId, taskId) => findTask(planId, taskId),
        async output(_tenant, planId, taskId) {
          const task = findTask(planId, taskId)
          const output = find(planId).outputs.get(taskId)
          if (output !== undefined) return inOnePiece({ retrievalStatus: 'success', task: output })
          const { id, status, description } = task
          return inOnePiece({
            retrievalStatus: 'not_ready',
            task: { id, status, description, output: '', usage: NO_USAGE },
          })
        },
        async *outputs(_tenant, planId) {
          for (const output of find(planId).outputs.values()) yield inOnePiece(output)
        },
        async steps({ planId, taskId }) {
          const items = find(planId).steps?.get(findTask(planId, taskId).id) ?? []
          return { items, nextCursor: null }
        },
        async message({ planId, taskId, text }) {
          calls.push(`message ${planId} ${taskId} ${text}`)
          return { id: 'message', text }
        },
        async step(_tenant, planId, taskId, number) {
          const step = find(planId).steps?.get(taskId)?.[number - 1]
          if (step === undefined) throw new ServiceError('step-not-found', 'No such step.')
          return step
        },
        async cancel(_tenant, planId, taskId) {
          calls.push(`cancel ${planId} ${taskId}`)
          return findTask(planId, taskId)
        },
        async retry(_tenant, planId, taskId) {
          calls.push(`retry ${planId} ${taskId}`)
          return findTask(planId, taskId)
        },
      },
      syntheses: {
        async newest(_tenant, planId) {
          const newest = find(planId).syntheses.at(-1)
          if (newest === undefined) throw new ServiceError('synthesis-not-ready', 'Not yet.')
          return inOnePiece(newest)
        },
        all: async (_tenant, planId) => find(planId).syntheses.map(inOnePiece),
        async get(_tenant, planId, version) {
          const found = find(planId).syntheses.find((synthesis) => synthesis.version === version)
          if (found === undefined) throw new ServiceError('synthesis-not-found', 'No such version.')
          return inOnePiece(found)
        },
        async request(_tenant, planId, spec) {
          calls.push(`synthesize ${planId} ${JSON.stringify(spec)}`)
          return { version: find(planId).syntheses.length + 1, created: true }
        },
      },
      events: {
        async follow(_tenant, planId, { lastEventId, signal }) {
          find(planId)
          return follow(planId, lastEventId, signal)
        },
      },
      system: {
        executors: stagedExecutors,
        workers: async () => stage.workers,
        ready: async () => true,
      },
    },
  }
  return stage
}

function snapshot({ plan, tasks, events }: StagedPlan): PlanEvent {
  return {
    id: `${events.length}-0`,
    type: 'snapshot',
    data: {
      plan,
      tasks: tasks.map(({ timings, attemptCount, prompt: _prompt, attempts: _all, ...task }) => ({
        ...task,
        ...timings,
        attempt: attemptCount,
      })),
      synthesis: plan.synthesis,
    },
  }
}

function todoStatus(status: TaskDetail['status']): 'pending' | 'in_progress' | 'completed' {
  if (status === 'queued') return 'pending'
  return status === 'running' ? 'in_progress' : 'completed'
}
