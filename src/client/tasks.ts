import { isDoneBefore, TuttiError } from './error.ts'
import { linesOf } from './lines.ts'
import { itemsOf, type Page } from './pages.ts'
import { planPath } from './plans.ts'
import { poll } from './polling.ts'
import type {
  Message,
  OutputTask,
  Step,
  TaskDetail,
  TaskOutput,
  TaskStatus,
  TaskSummary,
} from './schema.ts'
import { type CallOptions, pause, type Transport } from './transport.ts'

export interface TaskQuery extends CallOptions {
  status?: TaskStatus | undefined
  /** Items per page. */
  limit?: number | undefined
}

export interface StepQuery extends CallOptions {
  /** Items of one page. */
  limit?: number | undefined
}

export interface OutputOptions extends Pick<CallOptions, 'signal'> {
  /** Whether to wait for the task to end. Default: true. */
  block?: boolean | undefined
  /** How long to wait overall. Default: 30,000. */
  timeoutMs?: number | undefined
}

/** Every call throws `TuttiError`, or its signal's reason. */
export interface Tasks {
  /** All tasks of the plan, without their outputs. */
  list(planId: string, query?: TaskQuery): AsyncGenerator<TaskSummary, void>
  page(
    planId: string,
    query?: TaskQuery & { cursor?: string | undefined },
  ): Promise<Page<TaskSummary>>
  get(planId: string, taskId: string, options?: CallOptions): Promise<TaskDetail>
  /** A task's output, or its state with `timeout` or `not_ready`. */
  output(planId: string, taskId: string, options?: OutputOptions): Promise<TaskOutput>
  /** Every task that has ended by now, with its output, in the order of ending. */
  outputs(planId: string, options?: Pick<CallOptions, 'signal'>): AsyncGenerator<OutputTask, void>
  /** The steps of an agent, in order; long arguments and results are cut. */
  steps(planId: string, taskId: string, query?: StepQuery): AsyncGenerator<Step, void>
  stepsPage(
    planId: string,
    taskId: string,
    query?: StepQuery & { cursor?: string | undefined },
  ): Promise<Page<Step>>
  /** One step, with complete arguments and results. */
  step(planId: string, taskId: string, number: number, options?: CallOptions): Promise<Step>
  /** Sends a message to the agent of a task, which reads it before its next step. */
  message(planId: string, taskId: string, text: string, options?: CallOptions): Promise<Message>
  cancel(planId: string, taskId: string, options?: CallOptions): Promise<TaskDetail>
  /** Runs an ended task again; a new version of the synthesis follows. */
  retry(planId: string, taskId: string, options?: CallOptions): Promise<TaskDetail>
}

const DEFAULT_OUTPUT_TIMEOUT_MS = 30_000
const IDLE_TIMEOUT_MS = 60_000
const MOST_BROKEN_STREAMS = 5

function taskPath(planId: string, taskId: string): string {
  return `${planPath(planId)}/tasks/${encodeURIComponent(taskId)}`
}

export function tasksOf(transport: Transport): Tasks {
  const page: Tasks['page'] = async (planId, { status, limit, cursor, ...options } = {}) => {
    const { body } = await transport.json<Page<TaskSummary>>({
      method: 'GET',
      path: `${planPath(planId)}/tasks`,
      query: { status, limit, cursor },
      repeatable: true,
      options,
    })
    return body
  }

  const get: Tasks['get'] = async (planId, taskId, options) => {
    const { body } = await transport.json<TaskDetail>({
      method: 'GET',
      path: taskPath(planId, taskId),
      repeatable: true,
      options,
    })
    return body
  }

  const stepsPage: Tasks['stepsPage'] = async (planId, taskId, query = {}) => {
    const { limit, cursor, ...options } = query
    const { body } = await transport.json<Page<Step>>({
      method: 'GET',
      path: `${taskPath(planId, taskId)}/steps`,
      query: { limit, cursor },
      repeatable: true,
      options,
    })
    return body
  }

  return {
    page,
    stepsPage,
    steps: (planId, taskId, query = {}) =>
      itemsOf((cursor) => stepsPage(planId, taskId, { ...query, cursor })),

    async step(planId, taskId, number, options) {
      const { body } = await transport.json<Step>({
        method: 'GET',
        path: `${taskPath(planId, taskId)}/steps/${number}`,
        repeatable: true,
        options,
      })
      return body
    },

    list: (planId, query = {}) => itemsOf((cursor) => page(planId, { ...query, cursor })),
    outputs: (planId, options) => outputsOf(transport, planId, options?.signal),
    get,

    async message(planId, taskId, text, options) {
      const { body } = await transport.json<Message>({
        method: 'POST',
        path: `${taskPath(planId, taskId)}/messages`,
        body: { text },
        // A repeated call would send the message twice.
        repeatable: false,
        options,
      })
      return body
    },

    async cancel(planId, taskId, options) {
      try {
        const { body } = await transport.json<TaskDetail>({
          method: 'POST',
          path: `${taskPath(planId, taskId)}/cancel`,
          repeatable: true,
          options,
        })
        return body
      } catch (error) {
        if (isDoneBefore(error, 'task-finished')) return get(planId, taskId, options)
        throw error
      }
    },

    async retry(planId, taskId, options) {
      const { body } = await transport.json<TaskDetail>({
        method: 'POST',
        path: `${taskPath(planId, taskId)}/retry`,
        // Repeating it would run the task twice, or fail because it is running.
        repeatable: false,
        options,
      })
      return body
    },

    output(planId, taskId, { block = true, timeoutMs, signal } = {}) {
      const ask = async (pollMs: number) => {
        const { body } = await transport.json<TaskOutput>({
          method: 'GET',
          path: `${taskPath(planId, taskId)}/output`,
          query: { block, timeout: block ? pollMs : undefined },
          repeatable: true,
          waitMs: pollMs,
          options: { signal },
        })
        return body
      }
      const waitMs = block ? (timeoutMs ?? DEFAULT_OUTPUT_TIMEOUT_MS) : 0
      return poll(waitMs, ask, ({ retrievalStatus }) => retrievalStatus === 'success')
    },
  }
}

/** A broken stream is read again from its start, skipping what was already yielded. */
async function* outputsOf(
  transport: Transport,
  planId: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<OutputTask, void> {
  const given = new Set<string>()
  for (let broken = 0; ; broken++) {
    const response = await transport.stream({
      method: 'GET',
      path: `${planPath(planId)}/outputs`,
      headers: { accept: 'application/x-ndjson' },
      repeatable: true,
      options: { signal },
    })
    if (response.body === null) return
    try {
      for await (const line of linesOf(response.body, IDLE_TIMEOUT_MS)) {
        if (line === '') continue
        const task: OutputTask = JSON.parse(line)
        if (given.has(task.id)) continue
        given.add(task.id)
        yield task
      }
      return
    } catch (error) {
      if (signal?.aborted === true) throw error
      if (broken === MOST_BROKEN_STREAMS) {
        throw new TuttiError('network-error', 'the stream of outputs keeps breaking off', {
          cause: error,
        })
      }
      await pause(250 * 2 ** broken, signal)
    }
  }
}
