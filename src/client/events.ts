import { TuttiError } from './error.ts'
import { textOf } from './lines.ts'
import type { Counts, Failure, Plan, PlanStatus, TaskStatus, TaskSummary, Usage } from './schema.ts'
import { eventsOf, type ServerSentEvent } from './sse.ts'
import { isFinished } from './status.ts'
import { type CallOptions, pause, type Transport } from './transport.ts'

/** The whole state of a plan, with which its event stream begins. */
export interface Snapshot {
  plan: Plan
  tasks: TaskSnapshot[]
  synthesis: Plan['synthesis']
}

/** A task as in lists, with its times at the top level. */
export interface TaskSnapshot
  extends Omit<TaskSummary, 'attemptCount' | 'timings'>,
    Partial<TaskSummary['timings']> {
  /** Runs so far. */
  attempt: number
  startedAt: string | null
  finishedAt: string | null
}

interface PlanChange {
  at: string
  taskId?: undefined
}

interface TaskChange {
  at: string
  taskId: string
  attempt: number
}

/** The data of each kind of event. */
export interface Changes {
  'plan.queued': PlanChange & { counts: Counts }
  'plan.started': PlanChange
  /** The plan will end early. */
  'plan.stopped': PlanChange & { reason: Failure }
  /** A retry or a larger budget reopened it. */
  'plan.reopened': PlanChange
  'plan.finished': PlanChange & { status: PlanStatus; counts: Counts }
  /** They are queued; in plan order, after those that the plan had. */
  'tasks.added': PlanChange & {
    tasks: Pick<TaskSummary, 'id' | 'description' | 'executor' | 'wave'>[]
    counts: Counts
  }
  'task.started': TaskChange & { workerId: string }
  'task.finished': TaskChange & {
    status: TaskStatus
    /** Absent if it never ran, and for one that is `unchanged`. */
    durationMs?: number
    /** Its inputs did not change in a retry, so it kept its result. */
    unchanged?: true
    usage?: Usage
    error?: Failure
  }
  'task.requeued': TaskChange & {
    reason: 'worker-lost' | 'worker-shutdown' | 'retry' | 'dependency'
  }
  'task.retrying': TaskChange & { retryAt: string; error?: Failure }
  /** A model has answered, and the tools that it called have run. */
  'step.finished': TaskChange & {
    number: number
    kind: 'model' | 'message'
    /** Empty for a message. */
    model: string
    tools: string[]
    /** How many tool calls failed. */
    errors: number
  }
  /** A piece of a task's text; `offset` characters of the same attempt come before it. */
  'task.text': { taskId: string; attempt: number; offset: number; text: string; at?: undefined }
  'synthesis.started': PlanChange & { version: number }
  'synthesis.finished': PlanChange & {
    version: number
    status: 'succeeded' | 'failed'
    executor: string
    /** Written while tasks were still running. */
    preliminary: boolean
  }
}

export type ChangeType = keyof Changes
export type Change = Changes[ChangeType]

/** One event of a plan. Pass its `id` as `lastEventId` to continue after it. */
export type PlanEvent =
  | { type: 'snapshot'; id: string | undefined; data: Snapshot }
  | { [T in ChangeType]: { type: T; id: string | undefined; data: Changes[T] } }[ChangeType]

export interface FollowOptions extends Pick<CallOptions, 'signal'> {
  /** Continues after this event; the stream then starts without a snapshot. */
  lastEventId?: string | undefined
  /**
   * Also yields the text of running tasks, as `task.text`: first what exists, then more as it is
   * written.
   */
  tokens?: boolean | undefined
  /** Only events of this task and of the plan as a whole. */
  taskId?: string | undefined
  /** Reconnects if nothing arrives for this long, not even a heartbeat. Default: 60,000. */
  idleTimeoutMs?: number | undefined
}

const DEFAULT_IDLE_TIMEOUT_MS = 60_000
const PAUSE_BEFORE_RESUMING_MS = 250
/** How many consecutive connections may break without an event before the stream is given up. */
const MOST_FRUITLESS_CONNECTIONS = 10

/**
 * Yields the events of a plan until it has finished. A broken connection is resumed after the last
 * event, as if the stream had never been interrupted.
 *
 * @throws {TuttiError} The plan does not exist, or the service stayed away.
 */
export async function* followPlan(
  transport: Transport,
  path: string,
  options: FollowOptions = {},
): AsyncGenerator<PlanEvent, void> {
  const position: Position = { lastEventId: options.lastEventId, atEnd: false, hadFinished: false }
  for (let fruitless = 0; ; ) {
    const before = position.lastEventId
    const end = yield* readConnection(transport, path, options, position)
    if (end === 'finished') return
    fruitless = position.lastEventId === before ? fruitless + 1 : 0
    if (fruitless >= MOST_FRUITLESS_CONNECTIONS) {
      throw new TuttiError('network-error', 'the stream of events keeps breaking off')
    }
    await pause(PAUSE_BEFORE_RESUMING_MS * (fruitless + 1), options.signal)
  }
}

/** The position in the stream, kept across connections. */
interface Position {
  lastEventId: string | undefined
  /** Whether the service ends the stream after the last event that was read. */
  atEnd: boolean
  /** Whether the plan was known to have finished before the connection was made. */
  hadFinished: boolean
}

async function* readConnection(
  transport: Transport,
  path: string,
  options: FollowOptions,
  position: Position,
): AsyncGenerator<PlanEvent, 'finished' | 'broken'> {
  const { signal, tokens, taskId, idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS } = options
  const response = await transport.stream({
    method: 'GET',
    path: `${path}/events`,
    query: { tokens, taskId },
    headers: {
      accept: 'text/event-stream',
      ...(position.lastEventId === undefined ? {} : { 'last-event-id': position.lastEventId }),
    },
    repeatable: true,
    options: { signal },
  })
  // The standard way to say that nothing more will come.
  if (response.status === 204 || response.body === null) return 'finished'
  let isEmpty = true
  try {
    for await (const event of eventsOf(textOf(response.body, idleTimeoutMs))) {
      // A repeated event, from a service that resumes at the event rather than after it, for
      // example.
      if (event.id !== undefined && event.id === position.lastEventId) continue
      const planEvent = planEventOf(event)
      if (planEvent === undefined) continue
      isEmpty = false
      position.hadFinished = false
      position.lastEventId = planEvent.id ?? position.lastEventId
      position.atEnd = isLast(planEvent, position.atEnd)
      yield planEvent
    }
  } catch (error) {
    if (error instanceof TuttiError || signal?.aborted === true) throw error
    return 'broken'
  }
  if (position.atEnd) return 'finished'
  if (!isEmpty) return 'broken'
  // The stream is empty if it was resumed after the last event, and also if it was cut at once.
  // Only a connection made after the plan had finished tells which.
  if (position.hadFinished) return 'finished'
  const { body: plan } = await transport.json<Plan>({
    method: 'GET',
    path,
    repeatable: true,
    options: { signal },
  })
  position.hadFinished = isFinished(plan.status)
  return 'broken'
}

function planEventOf({ id, type, data }: ServerSentEvent): PlanEvent | undefined {
  // Not one of ours: the service names every event.
  if (type === 'message') return undefined
  try {
    // An unknown type is passed on: programs ignore types that they do not switch on.
    return { type, id: id === '' ? undefined : id, data: JSON.parse(data) } as PlanEvent
  } catch (cause) {
    throw new TuttiError('bad-response', `the event ${type} does not hold JSON`, { cause })
  }
}

/**
 * Whether the service ends the stream here. A synthesis that was requested later may follow the
 * end.
 */
function isLast(event: PlanEvent, wasLast: boolean): boolean {
  switch (event.type) {
    case 'plan.finished':
      return true
    case 'plan.reopened':
      return false
    case 'snapshot':
      return isFinished(event.data.plan.status)
    default:
      return wasLast
  }
}
