import type { EventsApi, PlanEvent } from '../contract/api.ts'
import type { ChangeFeed, EventLog, StoredEvent, TextLog, TextPiece } from '../ports/event-log.ts'
import { isoOf, planView } from '../read/plan-views.ts'
import { type ReadDeps, requirePlan, requireTask } from '../read/require-plan.ts'
import { snapshotPages, type Told, tellStates, toldSince } from './snapshot.ts'
import { eventIdAt, inOrder, type Position, positionOf } from './stream-position.ts'

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
    const { position, told, snapshot } = begun
    let { finished } = begun
    if (snapshot !== undefined) yield snapshot
    if (tokens && position.text === undefined) position.text = told?.firstText ?? position.event
    while (!signal.aborted) {
      changed = false
      const read = await readAfter(deps, planId, position)
      for (const item of inOrder(read, AT_ONCE)) {
        if ('event' in item) {
          const { id, type } = item.event
          position.event = id
          finished = type === 'plan.finished' || (finished && type !== 'plan.reopened')
          const { taskId } = item.event.data
          if (!concerns(taskId)) continue
          if (snapshot !== undefined && told?.holds({ id, taskId })) continue
          yield planEvent(item.event, eventIdAt(position))
        } else {
          position.text = item.text.id
          if (!concerns(item.text.taskId) || told?.wants(item.text) === false) continue
          yield textEvent(item.text, eventIdAt(position))
        }
        if (signal.aborted) return
      }
      if (read.events.length === AT_ONCE || read.texts.length === AT_ONCE) continue
      // A version requested after the end comes after `plan.finished`; the stream still ends there.
      if (finished) return
      const isEmpty = read.events.length === 0 && read.texts.length === 0
      if (isEmpty && !(await isThere(deps, planId, position))) return
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
  /** For a reader that has nothing yet. */
  snapshot: PlanEvent | undefined
  /** What a reader that has read no text yet knows. */
  told: Told | undefined
}

/** Before every event: a reader that sends this gets all events and needs no snapshot. */
const BEGINNING = '0-0'

/** Where a reader resumes. One without a text position gets the text of running tasks so far. */
async function begin(
  deps: FollowDeps,
  planId: string,
  last: Position | undefined,
  { tokens, taskId }: { tokens: boolean; taskId: string | undefined },
): Promise<Begun | undefined> {
  const begun = await deps.events.snapshot(planId)
  if (begun === undefined) return undefined
  const { plan, newest } = begun
  const finished = plan.outcome !== undefined
  const taskIds = async () => (taskId === undefined ? deps.plans.taskIds(planId) : [taskId])
  const told = toldSince(newest)
  // An id of another plan, or one that a store which went back in time has lost, would leave a gap.
  if (
    last === undefined ||
    !(last.event === BEGINNING || (await deps.events.has(planId, last.event)))
  ) {
    const position = { event: newest, text: undefined }
    const tasks = snapshotPages(deps, plan, await taskIds(), told)
    const data = { plan: planView(plan, { waves: true }), synthesis: plan.synthesis }
    return { position, finished, told, snapshot: { id: newest, type: 'snapshot', data, tasks } }
  }
  if (!tokens || last.text !== undefined) {
    const position = { event: last.event, text: tokens ? last.text : undefined }
    return { position, finished, told: undefined, snapshot: undefined }
  }
  await tellStates(deps, planId, await taskIds(), told)
  return { position: { event: last.event, text: undefined }, finished, told, snapshot: undefined }
}

/** Every plan has at least one event. Cheap: checked whenever a reader was woken without news. */
async function isThere(deps: FollowDeps, planId: string, { event }: Position): Promise<boolean> {
  return event !== BEGINNING && deps.events.has(planId, event)
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
