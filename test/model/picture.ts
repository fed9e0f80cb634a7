import type { Redis } from 'ioredis'
import { activePlanStatus, type PlanStatus } from '../../src/core/contract/status.ts'
import { planView } from '../../src/core/read/plan-views.ts'
import { storedEvent } from '../../src/store/events.ts'
import { fieldsOf, planRecord, storedAttempt, taskState } from '../../src/store/records.ts'
import { countsOf, type PlanModel } from './plan-model.ts'

/** All that can be seen of a plan, from the model or from Redis, to be compared. */
export interface Picture {
  status: PlanStatus
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
  /** What is wrong with it in itself, without comparing it with the model. */
  faults: string[]
  /** What a plan that has finished must not have: anything held, released, reserved or being spent. */
  unfinished: string[]
}

const WORKING_KEYS = ['held', 'ready', 'released', 'requeue', 'follow', 'cancelling', 'spending']

/** All of a plan as of one moment. KEYS: its header. ARGV: suffixes of keys of which it is told that they are there */
const READ_PLAN = `
  local plan, there = KEYS[1], {}
  if redis.call('EXISTS', plan) == 0 then return false end
  for _, suffix in ipairs(ARGV) do
    if redis.call('EXISTS', plan .. ':' .. suffix) == 1 then there[#there + 1] = suffix end
  end
  return {
    redis.call('HGETALL', plan), redis.call('GET', plan .. ':ids'),
    redis.call('HGETALL', plan .. ':tasks'), redis.call('HGETALL', plan .. ':attempts'),
    redis.call('XRANGE', plan .. ':events', '-', '+'), redis.call('ZRANGE', plan .. ':ended', 0, -1), there
  }`
type PlanAsRead = [
  header: string[],
  ids: string,
  tasks: string[],
  attempts: string[],
  events: [string, string[]][],
  ended: string[],
  there: string[],
]

/** `undefined` for a plan that is gone. */
export async function pictureOfPlan(redis: Redis, key: string): Promise<Seen | undefined> {
  const read = (await redis.eval(READ_PLAN, 1, key, ...WORKING_KEYS)) as PlanAsRead | null
  if (read === null) return undefined
  const [flatHeader, ids, flatTasks, flatAttempts, entries, ended, there] = read
  const header = fieldsOf(flatHeader)
  const states = fieldsOf(flatTasks)
  const attempts = fieldsOf(flatAttempts)
  const record = planRecord(header)
  const view = planView(record, { waves: false })
  const events = entries.map(([id, flat]) => storedEvent(id, fieldsOf(flat)))
  const tasks: Picture['tasks'] = {}
  for (const id of JSON.parse(ids) as string[]) {
    const state = taskState(states[id] ?? null)
    const outcomes = Array.from({ length: state.attempt }, (_, number) => {
      const raw = attempts[`${id}#${number + 1}`]
      return raw === undefined ? 'missing' : storedAttempt(raw).outcome
    })
    const { status, attempt, error } = state
    tasks[id] = { status, attempt, error: error?.code, outcomes, events: taskEvents(events, id) }
  }
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
    unfinished: unfinishedBusiness(header, there),
  }
}

function unfinishedBusiness(header: Record<string, string>, there: string[]): string[] {
  const count = (field: string) => Number(header[field] ?? 0)
  const has: [string, boolean][] = [
    ...there.map((name): [string, boolean] => [name, true]),
    [`${header.inFlight} in flight`, header.constrained === '1' && count('inFlight') !== 0],
    ['money set aside', count('b:reserved') !== 0],
    ['blind calls', count('b:blind') !== 0],
    ['a batch on its way', header.batch !== undefined],
    ['something unsettled', header.unsettled !== undefined],
  ]
  return has.filter(([, is]) => is).map(([what]) => `the plan has ended with ${what}`)
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

/** Why an ended task is queued again. */
const AGAIN = new Set(['retry', 'dependency'])

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
    if (type === 'task.requeued' && AGAIN.has(String(data.reason))) over.delete(id)
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
