import { isEnded } from '../../src/core/contract/status.ts'
import { newPlan, type PlanModel, type PlanShape, severalOf, type TaskModel } from './plan-model.ts'
import {
  askForSynthesis,
  cancelTask,
  endByItself,
  handBack,
  orphan,
  resume,
  retry,
  settle,
  stop,
  timeOut,
} from './plan-steps.ts'
import type { Ending } from './puppets.ts'

// What callers, executors, workers and time do to plans, and what should come of it.

/** Plans of a sequence go by the name of their Idempotency-Key, which can come back. */
export type PlanName = 'p' | 'q'

/** `task` and `nth` count modulo what there is, so that a sequence made shorter still means something. */
export type Command =
  | { do: 'submit'; plan: PlanName; shape: PlanShape; keyed: boolean }
  | { do: 'submit again'; plan: PlanName }
  | { do: 'end'; nth: number; how: Ending; aim?: Aim }
  | { do: 'cancel'; plan: PlanName }
  | { do: 'cancel task'; plan: PlanName; task: number }
  | { do: 'retry task'; plan: PlanName; task: number }
  | { do: 'cancel several'; plan: PlanName; tasks: number[] }
  /** Without any named, all that did not succeed. */
  | { do: 'retry several'; plan: PlanName; tasks: number[] }
  | { do: 'resume'; plan: PlanName; moreUsd: number; aim?: number }
  | { do: 'synthesize'; plan: PlanName }
  | { do: 'delete'; plan: PlanName }
  | { do: 'pass time'; aim?: number }
  | { do: 'start worker' }
  | { do: 'end worker' }
  | { do: 'kill worker' }
  /** At the same moment, but for so many turns of the event loop. */
  | { do: 'both'; of: [Command, Command]; apart: number }

/** Which attempt is meant, once that is known. */
interface Aim {
  plan: PlanName
  taskId: string
  attempt: number
}

export interface Model {
  /** In seconds. */
  now: number
  hasWorker: boolean
  plans: Partial<Record<PlanName, { isKeyed: boolean; is: PlanModel }>>
  /** What was submitted last under a name, deleted or not. */
  submitted: Partial<Record<PlanName, { keyed: boolean; shape: PlanShape }>>
}

/** One way in which a command may turn out. */
export interface Outcome {
  model: Model
  /** `ok` or the code of an error; of two at the same moment that of each. `undefined`: any. */
  replies: (string | undefined)[]
}

export const START: Model = { now: 0, hasWorker: true, plans: {}, submitted: {} }

/** The same command, naming what it means in this model whatever else happens meanwhile. */
export function aimed(model: Model, command: Command): Command {
  switch (command.do) {
    case 'both':
      return { ...command, of: [aimed(model, command.of[0]), aimed(model, command.of[1])] }
    case 'end': {
      const running = runningOf(model)
      const found = running[command.nth % running.length]
      if (found === undefined) return command
      const { id, attempt } = found.task
      return { ...command, aim: { plan: found.plan, taskId: id, attempt } }
    }
    case 'pass time':
      return { ...command, aim: secondsToNext(model) }
    case 'resume':
      return { ...command, aim: (model.plans[command.plan]?.is.costUsd ?? 0) + command.moreUsd }
    default:
      return command
  }
}

/** What may come of an aimed command: nothing where it makes no sense now. */
export function outcomesOf(before: Model, command: Command): Outcome[] {
  if (command.do === 'both') return bothOrders(before, command.of)
  const model = structuredClone(before)
  const reply = apply(model, command)
  if (reply === undefined) return []
  settleAll(model)
  return [{ model, replies: [reply] }]
}

/** Two at the same moment come one after the other, and nobody knows in which order, or how soon. */
function bothOrders(before: Model, [a, b]: [Command, Command]): Outcome[] {
  if (a.do === 'both' || b.do === 'both') return []
  // How far the service came in between cannot be told.
  if (a.do === 'pass time' && b.do === 'pass time') return []
  const outcomes: Outcome[] = []
  for (const [first, next] of [
    [a, b],
    [b, a],
  ] as const) {
    for (const comesTo of ['rest', 'its syntheses', 'nothing'] as const) {
      const model = structuredClone(before)
      const reply = apply(model, first)
      if (reply === undefined) return []
      if (comesTo !== 'nothing') settleAll(model, comesTo === 'rest')
      const then = structuredClone(model)
      let other = apply(then, next)
      // One that runs is being cancelled for a while, and a second cancel may come before its end.
      if (next.do.startsWith('cancel ') && other === 'task-finished') other = undefined
      // What makes no sense any more does nothing, whatever it is answered.
      const after = other === undefined ? model : then
      settleAll(after)
      outcomes.push({ model: after, replies: first === a ? [reply, other] : [other, reply] })
    }
  }
  return outcomes
}

function settleAll(model: Model, writesSyntheses = true): void {
  for (const { is } of Object.values(model.plans)) {
    settle(is, model.now, model.hasWorker, writesSyntheses)
  }
}

/** Attempts that run, in the order of plans and tasks. */
export function runningOf(model: Model): { plan: PlanName; task: TaskModel }[] {
  return (Object.keys(model.plans) as PlanName[]).flatMap((plan) =>
    (model.plans[plan]?.is.tasks ?? [])
      .filter(({ status, isOrphan }) => status === 'running' && !isOrphan)
      .map((task) => ({ plan, task })),
  )
}

/** When something is due next, by itself: at least this many seconds from now. */
export function secondsToNext({ now, plans }: Model): number {
  const times = Object.values(plans).flatMap(({ is }) => [
    ...(is.outcome === undefined && is.stop === undefined ? [is.deadline] : []),
    ...is.tasks.flatMap(({ status, isOrphan, endsAt, pausedUntil }) => {
      if (status === 'running' && !isOrphan) return [endsAt]
      return status === 'queued' && pausedUntil > now ? [pausedUntil] : []
    }),
  ])
  return Math.min(...times) - now
}

function apply(model: Model, command: Exclude<Command, { do: 'both' }>): string | undefined {
  switch (command.do) {
    case 'submit':
      return submit(model, command)
    case 'submit again': {
      const last = model.submitted[command.plan]
      return last?.keyed ? submit(model, { plan: command.plan, ...last }) : undefined
    }
    case 'end': {
      const { aim } = command
      const plan = aim && model.plans[aim.plan]?.is
      const task = plan?.tasks.find(({ id }) => id === aim?.taskId)
      if (plan === undefined || task === undefined) return undefined
      if (task.status !== 'running' || task.isOrphan || task.attempt !== aim?.attempt)
        return undefined
      endByItself(plan, task, command.how, model.now)
      return 'ok'
    }
    case 'pass time':
      return passTime(model, command.aim ?? Number.POSITIVE_INFINITY)
    case 'start worker':
      if (model.hasWorker) return undefined
      model.hasWorker = true
      return 'ok'
    case 'end worker':
    case 'kill worker': {
      if (!model.hasWorker) return undefined
      const isEnd = command.do === 'end worker'
      model.hasWorker = false
      for (const { is } of Object.values(model.plans)) {
        if (isEnd) handBack(is)
        else orphan(is)
      }
      return 'ok'
    }
    default: {
      const plan = model.plans[command.plan]
      return plan && changePlan(model, plan.is, command)
    }
  }
}

function submit(
  model: Model,
  { plan, shape, keyed }: { plan: PlanName; shape: PlanShape; keyed: boolean },
): string | undefined {
  const known = model.plans[plan]
  if (known === undefined) {
    model.plans[plan] = { isKeyed: keyed, is: newPlan(shape, model.now) }
    model.submitted[plan] = { keyed, shape }
    return 'ok'
  }
  if (!known.isKeyed || !keyed) return undefined
  const isSame = JSON.stringify(known.is.shape) === JSON.stringify(shape)
  return isSame ? 'ok' : 'idempotency-key-reused'
}

function passTime(model: Model, seconds: number): string | undefined {
  if (!Number.isFinite(seconds)) return undefined
  model.now += seconds
  for (const { is } of Object.values(model.plans)) {
    for (const task of is.tasks) {
      const isLate = task.status === 'running' && !task.isOrphan && task.endsAt <= model.now
      if (isLate) timeOut(is, task, model.now)
    }
    if (is.deadline <= model.now) stop(is, 'plan-timeout')
  }
  return 'ok'
}

function changePlan(
  model: Model,
  plan: PlanModel,
  command: Extract<
    Command,
    {
      do:
        | 'cancel'
        | 'cancel task'
        | 'retry task'
        | 'cancel several'
        | 'retry several'
        | 'resume'
        | 'synthesize'
        | 'delete'
    }
  >,
): string | undefined {
  const isSpent = plan.budgetUsd !== undefined && plan.costUsd >= plan.budgetUsd - 1e-12
  const isOutOfMoney = plan.stop === 'budget-exhausted' || isSpent
  switch (command.do) {
    case 'cancel':
      if (plan.outcome !== undefined) return 'plan-finished'
      stop(plan, 'cancelled')
      return 'ok'
    case 'cancel task': {
      const task = plan.tasks[command.task % plan.tasks.length] as TaskModel
      if (isEnded(task.status)) return 'task-finished'
      cancelTask(plan, task)
      return 'ok'
    }
    case 'retry task': {
      const task = plan.tasks[command.task % plan.tasks.length] as TaskModel
      if (isOutOfMoney) return 'budget-exceeded'
      return isEnded(task.status) ? (retry(plan, [task.id]) ?? 'ok') : 'task-not-finished'
    }
    case 'cancel several': {
      const tasks = severalOf(plan, command.tasks)
      if (tasks.some(({ status }) => isEnded(status))) return 'task-finished'
      // One of them may be skipped because of another one.
      for (const task of tasks) if (!isEnded(task.status)) cancelTask(plan, task)
      return 'ok'
    }
    case 'retry several': {
      if (isOutOfMoney) return 'budget-exceeded'
      const named = severalOf(plan, command.tasks)
      const unsuccessful = plan.tasks.filter(
        ({ status }) => isEnded(status) && status !== 'succeeded',
      )
      const tasks = named.length > 0 ? named : unsuccessful
      if (tasks.length === 0) return 'task-not-finished'
      if (tasks.some(({ status }) => !isEnded(status))) return 'task-not-finished'
      return (
        retry(
          plan,
          tasks.map(({ id }) => id),
        ) ?? 'ok'
      )
    }
    case 'resume': {
      const { aim: budgetUsd = 0 } = command
      if (!isOutOfMoney) return 'plan-not-finished'
      if (budgetUsd <= plan.costUsd) return 'invalid-request'
      return resume(plan, budgetUsd) ?? 'ok'
    }
    case 'synthesize':
      askForSynthesis(plan)
      return 'ok'
    case 'delete': {
      for (const [name, { is }] of Object.entries(model.plans)) {
        if (is === plan) delete model.plans[name as PlanName]
      }
      return 'ok'
    }
  }
}
