import { isEnded } from '../../src/core/contract/status.ts'
import type { Command, KnownPlan, Model, PlanName } from './commands.ts'
import {
  newPlan,
  type PlanModel,
  type PlanShape,
  severalOf,
  type TaskModel,
  taskOf,
} from './plan-model.ts'
import { resume, retry } from './plan-retries.ts'
import {
  cancelTask,
  endByItself,
  handBack,
  isLastAttempt,
  orphan,
  stop,
  timeOut,
} from './plan-steps.ts'
import { askForSynthesis } from './plan-syntheses.ts'

// What a command does to a plan at once, and what its caller is answered.

/** A command by itself, before anything follows from it; nothing if it makes no sense. */
export function turnsOf(
  before: Model,
  command: Exclude<Command, { do: 'both' }>,
): { model: Model; reply: string }[] {
  if (command.do === 'pass time') {
    return passTime(before, command.aim).map((model) => ({ model, reply: 'ok' }))
  }
  const model = structuredClone(before)
  const reply = apply(model, command)
  return reply === undefined ? [] : [{ model, reply }]
}

function apply(
  model: Model,
  command: Exclude<Command, { do: 'both' | 'pass time' }>,
): string | undefined {
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
    case 'break connections':
      return 'ok'
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

/** Attempts may run out of time at the same moment, in any order. */
function passTime(before: Model, seconds = Number.POSITIVE_INFINITY): Model[] {
  if (!Number.isFinite(seconds)) return []
  let models = [{ ...structuredClone(before), now: before.now + seconds }]
  for (const name of Object.keys(before.plans) as PlanName[]) {
    models = models.flatMap((model) => planTimes(model, name))
  }
  return models
}

function planTimes(before: Model, name: PlanName): Model[] {
  const isLate = ({ status, isOrphan, endsAt }: TaskModel) =>
    status === 'running' && !isOrphan && endsAt <= before.now
  const { shape, tasks } = (before.plans[name] as KnownPlan).is
  const late = tasks.filter(isLate)
  const hasBudget = shape.budgetUsd !== undefined
  const isOrderSeen = hasBudget || (shape.abort && late.some(isLastAttempt))
  return (isOrderSeen ? ordersOf(late) : [late]).flatMap((order) =>
    (hasBudget && late.length > 1 ? [true, false] : [true]).map((together) => {
      const model = structuredClone(before)
      const plan = (model.plans[name] as KnownPlan).is
      timeOut(
        plan,
        order.map(({ id }) => taskOf(plan, id)),
        model.now,
        together,
      )
      if (plan.deadline <= model.now) stop(plan, 'plan-timeout')
      return model
    }),
  )
}

function ordersOf<T>(all: readonly T[]): T[][] {
  if (all.length < 2) return [[...all]]
  return all.flatMap((first) =>
    ordersOf(all.filter((each) => each !== first)).map((rest) => [first, ...rest]),
  )
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
      return isEnded(task.status)
        ? (retry(plan, [task.id], model.now) ?? 'ok')
        : 'task-not-finished'
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
          model.now,
        ) ?? 'ok'
      )
    }
    case 'resume': {
      const { aim: budgetUsd = 0 } = command
      if (!isOutOfMoney) return 'plan-not-finished'
      if (budgetUsd <= plan.costUsd) return 'invalid-request'
      return resume(plan, budgetUsd, model.now) ?? 'ok'
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
