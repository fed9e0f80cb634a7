import { TuttiError } from './error.ts'
import { textOf } from './lines.ts'
import type { Counts, Failure, Plan, PlanStatus, TaskStatus, TaskSummary, Usage } from './schema.ts'
import { eventsOf, type ServerSentEvent } from './sse.ts'
import { isFinished } from './status.ts'
import { type CallOptions, pause, type Transport } from './transport.ts'

/** The whole state of a plan, with which a stream of its events begins. */
export interface Snapshot {
  plan: Plan
  tasks: TaskSnapshot[]
  synthesis: Plan['synthesis']
}

/** A task as lists show it, with its times beside the rest. */
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

/** What each kind of change says of itself. */
export interface Changes {
  'plan.queued': PlanChange & { counts: Counts }
  'plan.started': PlanChange
  /** Why it ends early. */
  'plan.stopped': PlanChange & { reason: Failure }
  /** A retry or a larger budget opened it again. */
  'plan.reopened': PlanChange
  'plan.finished': PlanChange & { status: PlanStatus; counts: Counts }
  'task.started': TaskChange & { workerId: string }
  'task.finished': TaskChange & {
    status: TaskStatus
    /** Absent where it never ran. */
    durationMs?: number
    usage?: Usage
    error?: Failure
  }
  'task.requeued': TaskChange & { reason: 'worker-lost' | 'worker-shutdown' | 'retry' }
  'task.retrying': TaskChange & { retryAt: string; error?: Failure }
  /** A model has answered, and the tools that it called have run. */
  'step.finished': TaskChange & {
    number: number
    kind: 'model'
    model: string
    tools: string[]
    /** How many calls of tools failed. */
    errors: number
  }
  /** A piece of what a task writes; `offset` characters of the same attempt come before it. */
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

/** One event of a plan. `id` is what a later `lastEventId` goes on from. */
export type PlanEvent =
  | { type: 'snapshot'; id: string | undefined; data: Snapshot }
  | { [T in ChangeType]: { type: T; id: string | undefined; data: Changes[T] } }[ChangeType]

export interface FollowOptions extends Pick<CallOptions, 'signal'> {
  /** Goes on after this event; the stream then begins without a snapshot. */
  lastEventId?: string | undefined
  /** The text of running tasks too, as `task.text`: what there is so far, and then as they write it. */
  tokens?: boolean | undefined
  /** Only what concerns this task, beside what concerns the plan as a whole. */
  taskId?: string | undefined
  /** The connection is made anew when nothing arrives for so long, no heartbeat either. Default: 60,000. */
  idleTimeoutMs?: number | undefined
}

const DEFAULT_IDLE_TIMEOUT_MS = 60_000
const PAUSE_BEFORE_RESUMING_MS = 250
/** Broken connections in a row, without one event between them, before a stream is given up. */
const MOST_FRUITLESS_CONNECTIONS = 10

/**
 * The events of a plan until it has finished. A connection that breaks is made anew from the last
 * event on, so that the events are those of one unbroken stream.
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

/** Where the stream is, kept across connections. */
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
  // The standard's way to say that there is nothing more to come.
  if (response.status === 204 || response.body === null) return 'finished'
  let isEmpty = true
  try {
    for await (const event of eventsOf(textOf(response.body, idleTimeoutMs))) {
      // An event sent again, such as by a service that resumes at the event instead of after it.
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
  // Resumed after the last event of a plan, the stream is empty, as is one that was cut at once.
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
    // A type that this version does not know is passed on: programs skip what they do not switch on.
    return { type, id: id === '' ? undefined : id, data: JSON.parse(data) } as PlanEvent
  } catch (cause) {
    throw new TuttiError('bad-response', `the event ${type} does not hold JSON`, { cause })
  }
}

/** Whether the service ends the stream here. A synthesis that was asked for later may follow the end. */
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
