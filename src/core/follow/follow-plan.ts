import type { EventsApi, PlanEvent } from '../contract/api.ts'
import type {
  ChangeFeed,
  EventLog,
  PlanSnapshot,
  StoredEvent,
  TextLog,
  TextPiece,
} from '../ports/event-log.ts'
import { untouchedTask } from '../ports/records.ts'
import { isoOf, planView, taskSummary, waveNumbers } from '../read/plan-views.ts'
import { type ReadDeps, requirePlan, requireTask } from '../read/require-plan.ts'
import { compareIds, eventIdAt, inOrder, type Position, positionOf } from './stream-position.ts'

export interface FollowDeps extends ReadDeps {
  events: EventLog
  texts: TextLog
  feed: ChangeFeed
}

const AT_ONCE = 500
const TIMES = ['at', 'retryAt'] as const

export function followPlans(deps: FollowDeps): EventsApi {
  return {
    async follow(tenant, planId, options) {
      await requirePlan(deps, tenant, planId)
      if (options.taskId !== undefined) await requireTask(deps, planId, options.taskId)
      return follow(deps, planId, options)
    },
  }
}

async function* follow(
  deps: FollowDeps,
  planId: string,
  options: Parameters<EventsApi['follow']>[2],
): AsyncGenerator<PlanEvent> {
  const { signal, tokens, taskId } = options
  const concerns = (id: unknown) => taskId === undefined || id === undefined || id === taskId
  let changed = false
  let wake: () => void = () => undefined
  const onChange = () => {
    changed = true
    wake()
  }
  const stops = [deps.waiting.watch(planId, onChange)]
  if (tokens) {
    stops.push(
      deps.feed.onText((changedPlan) => {
        if (changedPlan === planId) onChange()
      }),
    )
  }
  signal.addEventListener('abort', onChange, { once: true })
  try {
    const begun = await begin(deps, planId, positionOf(options.lastEventId), options)
    if (begun === undefined) return
    const { position, wants } = begun
    let { finished } = begun
    if (begun.event !== undefined) yield begun.event
    while (!signal.aborted) {
      changed = false
      const read = await readAfter(deps, planId, position)
      for (const item of inOrder(read, AT_ONCE)) {
        if ('event' in item) {
          const { id, type } = item.event
          position.event = id
          finished = type === 'plan.finished' || (finished && type !== 'plan.reopened')
          if (concerns(item.event.data.taskId)) yield planEvent(item.event, eventIdAt(position))
        } else {
          position.text = item.text.id
          if (wants(item.text) && concerns(item.text.taskId))
            yield textEvent(item.text, eventIdAt(position))
        }
        if (signal.aborted) return
      }
      if (read.events.length === AT_ONCE || read.texts.length === AT_ONCE) continue
      // A version asked for after the end follows `plan.finished`; the stream ends there all the same.
      if (finished) return
      if (read.events.length === 0 && (await deps.plans.get(planId)) === undefined) return
      if (!changed) {
        await new Promise<void>((resolve) => {
          wake = resolve
          if (changed || signal.aborted) resolve()
        })
      }
    }
  } finally {
    signal.removeEventListener('abort', onChange)
    for (const stop of stops) stop()
  }
}

interface Begun {
  position: Position
  finished: boolean
  /** The snapshot, for a reader that has nothing yet. */
  event: PlanEvent | undefined
  /** Of what was written before, only the texts of tasks that run now. */
  wants(text: TextPiece): boolean
}

/** Before every event: who comes with it reads all of them, and needs no snapshot. */
const BEGINNING = '0-0'

/** Where a reader goes on. One that has read no text yet gets that of the running tasks so far. */
async function begin(
  deps: FollowDeps,
  planId: string,
  last: Position | undefined,
  { tokens, taskId }: { tokens: boolean; taskId: string | undefined },
): Promise<Begun | undefined> {
  // An id of another plan, or one that a store which went back in time has lost, would leave a gap.
  const isOurs =
    last !== undefined && (last.event === BEGINNING || (await deps.events.has(planId, last.event)))
  const known = isOurs ? last : undefined
  if (known !== undefined && (!tokens || known.text !== undefined)) {
    const finished = (await deps.plans.get(planId))?.outcome !== undefined
    const position = { event: known.event, text: tokens ? known.text : undefined }
    return { position, finished, event: undefined, wants: () => true }
  }
  const snapshot = await deps.events.snapshot(planId)
  if (snapshot === undefined) return undefined
  const { states, newest } = snapshot
  const running = [...states].filter(([, { status }]) => status === 'running')
  const began = running.map(([, { startedAt }]) => startedAt ?? 0)
  const attempts = new Map(running.map(([id, { attempt }]) => [id, attempt]))
  const text = running.length === 0 ? newest : `${Math.min(...began)}-0`
  const position = { event: known?.event ?? newest, text: tokens ? text : undefined }
  const event =
    known === undefined ? await snapshotEvent(deps, planId, snapshot, taskId) : undefined
  return {
    position,
    finished: snapshot.plan.outcome !== undefined,
    event: event && { ...event, id: eventIdAt(position) },
    wants: ({ id, taskId, attempt }) =>
      compareIds(id, newest) > 0 || attempts.get(taskId) === attempt,
  }
}

async function readAfter(deps: FollowDeps, planId: string, { event, text }: Position) {
  if (text !== undefined) return deps.texts.read(planId, { event, text }, AT_ONCE)
  return { events: await deps.events.read(planId, event, AT_ONCE), texts: [] }
}

function textEvent({ id: _, ...data }: TextPiece, id: string): PlanEvent {
  return { id, type: 'task.text', data }
}

function planEvent({ type, data }: StoredEvent, id: string): PlanEvent {
  const times = TIMES.flatMap((name) => {
    const value = data[name]
    return typeof value === 'number' ? [[name, isoOf(value)] as const] : []
  })
  return { id, type, data: { ...data, ...Object.fromEntries(times) } }
}

async function snapshotEvent(
  deps: FollowDeps,
  planId: string,
  snapshot: PlanSnapshot,
  taskId: string | undefined,
): Promise<PlanEvent> {
  const { plan, states, newest } = snapshot
  const waves = waveNumbers(plan.spec.waves)
  const ids = taskId === undefined ? await deps.plans.taskIds(planId) : [taskId]
  const specs = await deps.tasks.specs(planId, ids)
  const tasks = specs.flatMap((spec) => {
    if (spec === undefined) return []
    const state = states.get(spec.id) ?? untouchedTask(plan.createdAt)
    const summary = taskSummary(planId, spec, state, waves.get(spec.id) ?? 1)
    const { timings, attemptCount, ...rest } = summary
    return [{ ...rest, attempt: attemptCount, ...timings }]
  })
  return {
    id: newest,
    type: 'snapshot',
    data: { plan: planView(plan, { waves: true }), tasks, synthesis: plan.synthesis },
  }
}
