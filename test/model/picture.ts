import type { Redis } from 'ioredis'
import { activePlanStatus } from '../../src/core/contract/status.ts'
import { planView } from '../../src/core/read/plan-views.ts'
import { storedEvent } from '../../src/store/events.ts'
import { fieldsOf, planRecord, storedAttempt, taskState } from '../../src/store/records.ts'
import { countsOf, type PlanModel } from './plan-model.ts'

/** All that can be seen of a plan, from the model or from Redis, to be compared. */
export interface Picture {
  status: string
  stop: string | undefined
  counts: Record<string, number>
  tasks: Record<
    string,
    {
      status: string
      attempt: number
      error: string | undefined
      outcomes: string[]
      events: string[]
    }
  >
  events: string[]
  /** Apart: a synthesis may come before or after what happens to its plan at the same moment. */
  syntheses: string[]
  synthesis: { status: string; version: number }
  costUsd: number
  leftUsd: number | undefined
}

const isOfSynthesis = (event: string) => event.startsWith('synthesis.')
const cents = (usd: number) => Math.round(usd * 100) / 100

export function pictureOfModel(plan: PlanModel): Picture {
  const counts = countsOf(plan)
  const left = plan.budgetUsd === undefined ? undefined : Math.max(0, plan.budgetUsd - plan.costUsd)
  return {
    status: plan.outcome ?? activePlanStatus(counts),
    stop: plan.stop,
    counts: { ...counts, total: plan.tasks.length },
    tasks: Object.fromEntries(
      plan.tasks.map(({ id, status, attempt, error, outcomes, events }) => [
        id,
        { status, attempt, error, outcomes, events },
      ]),
    ),
    events: plan.events.filter((event) => !isOfSynthesis(event)),
    syntheses: plan.events.filter(isOfSynthesis).toSorted(),
    synthesis: { status: plan.synthesis, version: plan.version },
    costUsd: cents(plan.costUsd),
    leftUsd: left === undefined ? undefined : cents(left),
  }
}

export interface Seen {
  picture: Picture
  /** What is wrong with it by itself, whatever the model says. */
  faults: string[]
}

/** `undefined` for a plan that is gone. One round trip. */
export async function pictureOfPlan(
  redis: Redis,
  key: string,
  ids: string[],
): Promise<Seen | undefined> {
  const replies = await redis
    .pipeline()
    .hgetall(key)
    .hmget(`${key}:tasks`, ...ids)
    .hgetall(`${key}:attempts`)
    .xrange(`${key}:events`, '-', '+')
    .zrange(`${key}:ended`, '0', '-1')
    .exec()
  const [header, states, attempts, entries, ended] = (replies ?? []).map(([, reply]) => reply) as [
    Record<string, string>,
    (string | null)[],
    Record<string, string>,
    [string, string[]][],
    string[],
  ]
  if (header.spec === undefined) return undefined
  const record = planRecord(header)
  const view = planView(record, { waves: false })
  const events = entries.map(([id, flat]) => storedEvent(id, fieldsOf(flat)))
  const tasks: Picture['tasks'] = {}
  ids.forEach((id, at) => {
    const state = taskState(states[at])
    const outcomes = Array.from({ length: state.attempt }, (_, number) => {
      const raw = attempts[`${id}#${number + 1}`]
      return raw === undefined ? 'missing' : storedAttempt(raw).outcome
    })
    const { status, attempt, error } = state
    tasks[id] = { status, attempt, error: error?.code, outcomes, events: taskEvents(events, id) }
  })
  return {
    picture: {
      status: view.status,
      stop: record.stop?.code,
      counts: view.counts,
      tasks,
      events: planEvents(events).filter((event) => !isOfSynthesis(event)),
      syntheses: planEvents(events).filter(isOfSynthesis).toSorted(),
      synthesis: view.synthesis,
      costUsd: cents(record.usage.costUsd),
      leftUsd: view.budget === undefined ? undefined : cents(view.budget.leftUsd),
    },
    faults: faultsOf(tasks, events, ended, record.spec.synthesis !== false),
  }
}

type Events = ReturnType<typeof storedEvent>[]
type Data = { attempt?: number; status?: string; reason?: string; error?: { code?: string } }

function taskEvents(events: Events, id: string): string[] {
  return events.flatMap(({ type, data }) => {
    if (data.taskId !== id) return []
    const { attempt, status, reason, error } = data as Data
    const name = type.replace('task.', '')
    const detail = name === 'retrying' ? error?.code : (status ?? reason)
    return [[name, attempt, detail].filter((part) => part !== undefined).join(' ')]
  })
}

function planEvents(events: Events): string[] {
  return events.flatMap(({ type, data }) => {
    if (data.taskId !== undefined) return []
    const { version, status, reason } = data as {
      version?: number
      status?: string
      reason?: { code?: string }
    }
    const detail = type.startsWith('synthesis.') ? version : (status ?? reason?.code)
    return [[type, detail].filter((part) => part !== undefined).join(' ')]
  })
}

/** Order among tasks and plan, which the lists of each do not tell. */
function faultsOf(
  tasks: Picture['tasks'],
  events: Events,
  ended: string[],
  hasSynthesis: boolean,
): string[] {
  const faults: string[] = []
  const over = new Set<string>()
  let written = 0
  for (const { type, data } of events) {
    const id = String(data.taskId)
    if (type === 'task.finished') {
      if (over.has(id)) faults.push(`${id} finished twice`)
      over.add(id)
    }
    if (type === 'task.requeued' && data.reason === 'retry') over.delete(id)
    if (type === 'task.started' && over.has(id)) faults.push(`${id} started after its end`)
    if (type === 'synthesis.finished') written += 1
    if (type === 'plan.finished' && data.status !== 'cancelled' && hasSynthesis && written === 0) {
      faults.push('the plan finished before its synthesis')
    }
    if (type === 'plan.finished' && over.size < Object.keys(tasks).length) {
      faults.push('the plan finished before its tasks')
    }
  }
  if (ended.toSorted().join() !== [...over].toSorted().join()) {
    faults.push(`ended are ${ended.join()}, and events tell of ${[...over].join()}`)
  }
  return faults
}
