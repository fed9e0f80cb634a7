import { isEnded } from '../../src/core/contract/status.ts'
import { isLeftOut } from './left-out.ts'
import { newPlan, type PlanModel, type PlanShape, type TaskModel } from './plan-model.ts'
import {
  askForSynthesis,
  cancelTask,
  endByItself,
  handBack,
  orphan,
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
  | { do: 'end'; nth: number; how: Ending }
  | { do: 'cancel'; plan: PlanName }
  | { do: 'cancel task'; plan: PlanName; task: number }
  | { do: 'retry task'; plan: PlanName; task: number }
  | { do: 'resume'; plan: PlanName; moreUsd: number }
  | { do: 'synthesize'; plan: PlanName }
  | { do: 'delete'; plan: PlanName }
  | { do: 'pass time' }
  | { do: 'start worker' }
  | { do: 'end worker' }
  | { do: 'kill worker' }
  /** At the same moment. */
  | { do: 'both'; of: [Command, Command] }

export interface Model {
  /** In seconds. */
  now: number
  hasWorker: boolean
  plans: Partial<Record<PlanName, { isKeyed: boolean; is: PlanModel }>>
}

/** One way in which a command may turn out; `reply` is `ok` or the code of an error. */
export interface Outcome {
  model: Model
  reply: string
}

export const START: Model = { now: 0, hasWorker: true, plans: {} }

/** What may come of a command: nothing where it makes no sense now. */
export function outcomesOf(before: Model, command: Command): Outcome[] {
  if (command.do === 'both') return bothOrders(before, command.of)
  const model = structuredClone(before)
  const reply = apply(model, command)
  if (reply === undefined) return []
  settleAll(model)
  return [{ model, reply }]
}

/** Two at the same moment come one after the other, and nobody knows in which order. */
function bothOrders(before: Model, [a, b]: [Command, Command]): Outcome[] {
  const first = outcomesOf(before, a)
  const second = outcomesOf(before, b)
  if (first.length === 0 || second.length === 0) return []
  const then = (outcomes: Outcome[], next: Command) =>
    outcomes.flatMap(({ model, reply }) => {
      const more = outcomesOf(model, next)
      // What makes no sense any more is not heard.
      if (more.length === 0) return [{ model, replies: [reply, undefined] }]
      return more.map((outcome) => ({ model: outcome.model, replies: [reply, outcome.reply] }))
    })
  return [
    ...then(first, b).map(({ model, replies }) => ({ model, reply: replies.join() })),
    ...then(second, a).map(({ model, replies }) => ({ model, reply: replies.reverse().join() })),
  ]
}

function settleAll(model: Model): void {
  for (const { is } of Object.values(model.plans)) settle(is, model.now, model.hasWorker)
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
    case 'submit': {
      const { shape, keyed } = command
      const known = model.plans[command.plan]
      if (known !== undefined) {
        if (!known.isKeyed || !keyed) return undefined
        return JSON.stringify(known.is.shape) === JSON.stringify(shape)
          ? 'ok'
          : 'idempotency-key-reused'
      }
      model.plans[command.plan] = { isKeyed: keyed, is: newPlan(shape, model.now) }
      return 'ok'
    }
    case 'submit again':
      return model.plans[command.plan]?.isKeyed ? 'ok' : undefined
    case 'end': {
      const running = runningOf(model)
      const found = running[command.nth % running.length]
      const plan = found && model.plans[found.plan]
      if (found === undefined || plan === undefined) return undefined
      endByItself(plan.is, found.task, command.how, model.now)
      return 'ok'
    }
    case 'pass time':
      return passTime(model)
    case 'start worker':
      if (model.hasWorker) return undefined
      model.hasWorker = true
      return 'ok'
    case 'end worker':
    case 'kill worker':
      if (!model.hasWorker) return undefined
      model.hasWorker = false
      for (const { is } of Object.values(model.plans)) {
        if (command.do === 'end worker') handBack(is)
        else orphan(is)
      }
      return 'ok'
    default: {
      const plan = model.plans[command.plan]
      return plan && changePlan(model, plan.is, command)
    }
  }
}

function passTime(model: Model): string | undefined {
  const seconds = secondsToNext(model)
  if (!Number.isFinite(seconds)) return undefined
  model.now += seconds
  const isTriedAgain = ({ status, isOrphan, endsAt, spent, attempts }: TaskModel) =>
    status === 'running' && !isOrphan && endsAt <= model.now && spent + 1 < attempts
  if (
    isLeftOut('an attempt after one that timed out') &&
    Object.values(model.plans).some(({ is }) => is.tasks.some(isTriedAgain))
  ) {
    return undefined
  }
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
    { do: 'cancel' | 'cancel task' | 'retry task' | 'resume' | 'synthesize' | 'delete' }
  >,
): string | undefined {
  const isSpent = plan.budgetUsd !== undefined && plan.costUsd >= plan.budgetUsd - 1e-12
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
      if (!isEnded(task.status)) return 'task-not-finished'
      if (plan.stop === 'budget-exhausted' || isSpent) return 'budget-exceeded'
      return retry(plan, [task.id]) ?? 'ok'
    }
    case 'resume': {
      if (plan.stop !== 'budget-exhausted') return 'plan-not-finished'
      plan.budgetUsd = plan.costUsd + command.moreUsd
      const unpaid = plan.tasks.filter(({ error }) => error === 'budget-exhausted')
      return (
        retry(
          plan,
          unpaid.map(({ id }) => id),
        ) ?? 'ok'
      )
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
