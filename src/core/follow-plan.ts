import type { EventsApi, PlanEvent } from './api.ts'
import { isoOf, planView, taskSummary, waveNumbers } from './plan-views.ts'
import { type ReadDeps, requirePlan } from './read-plans.ts'
import type { ChangeFeed, EventLog, StoredEvent } from './store.ts'
import { untouchedTask } from './stored.ts'

export interface FollowDeps extends ReadDeps {
  events: EventLog
  feed: ChangeFeed
}

const EVENTS_AT_ONCE = 500
/** Pieces of token text kept for a reader that is slow; older ones are dropped. */
const MOST_TEXT = 1_000
const TIMES = ['at', 'retryAt'] as const

export function followPlans(deps: FollowDeps): EventsApi {
  return {
    async follow(tenant, planId, options) {
      await requirePlan(deps, tenant, planId)
      return follow(deps, planId, options)
    },
  }
}

async function* follow(
  deps: FollowDeps,
  planId: string,
  options: { lastEventId: string | undefined; tokens: boolean; signal: AbortSignal },
): AsyncGenerator<PlanEvent> {
  const { signal } = options
  const texts: PlanEvent[] = []
  let changed = false
  let wake: () => void = () => undefined
  const onChange = () => {
    changed = true
    wake()
  }
  const stops = [deps.waiting.watch(planId, onChange)]
  let position = options.lastEventId
  if (options.tokens) {
    stops.push(
      deps.feed.onText((changedPlan, taskId, attempt, text) => {
        if (changedPlan !== planId) return
        if (texts.length >= MOST_TEXT) texts.shift()
        texts.push({ id: '', type: 'task.text', data: { taskId, attempt, text } })
        onChange()
      }),
    )
  }
  signal.addEventListener('abort', onChange, { once: true })
  try {
    let finished = false
    // More digits than a number of 64 bits has, and the store would refuse to read from there.
    if (position === undefined || !/^\d{1,18}-\d{1,18}$/.test(position)) {
      const snapshot = await snapshotEvent(deps, planId)
      if (snapshot === undefined) return
      position = snapshot.event.id
      finished = snapshot.finished
      yield snapshot.event
    } else {
      finished = (await deps.plans.get(planId))?.outcome !== undefined
    }
    while (!signal.aborted) {
      changed = false
      const events = await deps.events.read(planId, position, EVENTS_AT_ONCE)
      for (const event of events) {
        position = event.id
        finished = event.type === 'plan.finished' || (finished && event.type !== 'plan.reopened')
        yield planEvent(event)
        if (signal.aborted) return
      }
      for (const text of texts.splice(0)) yield text
      if (events.length === EVENTS_AT_ONCE) continue
      // A version asked for after the end follows `plan.finished`; the stream ends there all the same.
      if (finished) return
      if (events.length === 0 && (await deps.plans.get(planId)) === undefined) return
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

function planEvent({ id, type, data }: StoredEvent): PlanEvent {
  const times = TIMES.flatMap((name) => {
    const value = data[name]
    return typeof value === 'number' ? [[name, isoOf(value)] as const] : []
  })
  return { id, type, data: { ...data, ...Object.fromEntries(times) } }
}

async function snapshotEvent(
  deps: FollowDeps,
  planId: string,
): Promise<{ event: PlanEvent; finished: boolean } | undefined> {
  const snapshot = await deps.events.snapshot(planId)
  if (snapshot === undefined) return undefined
  const { plan, states, newest } = snapshot
  const waves = waveNumbers(plan.spec.waves)
  const ids = await deps.plans.taskIds(planId)
  const specs = await deps.tasks.specs(planId, ids)
  const tasks = specs.flatMap((spec) => {
    if (spec === undefined) return []
    const state = states.get(spec.id) ?? untouchedTask(plan.createdAt)
    const summary = taskSummary(planId, spec, state, waves.get(spec.id) ?? 1)
    const { timings, attemptCount, ...rest } = summary
    return [{ ...rest, attempt: attemptCount, ...timings }]
  })
  return {
    finished: plan.outcome !== undefined,
    event: {
      id: newest,
      type: 'snapshot',
      data: { plan: planView(plan, { waves: true }), tasks, synthesis: plan.synthesis },
    },
  }
}
