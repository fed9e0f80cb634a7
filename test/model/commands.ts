import type { PlanModel, PlanShape, TaskModel } from './plan-model.ts'
import type { Ending } from './puppets.ts'

// What callers, executors, workers and time do to plans.

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
  /** All connections to Redis: commands under way were done or not, and are sent again or fail. */
  | { do: 'break connections' }
  /** At the same moment, but for so many turns of the event loop. */
  | { do: 'both'; of: [Command, Command]; apart: number }

/** Which attempt is meant, once that is known. */
interface Aim {
  plan: PlanName
  taskId: string
  attempt: number
}

export interface KnownPlan {
  isKeyed: boolean
  is: PlanModel
}

export interface Model {
  /** In seconds. */
  now: number
  hasWorker: boolean
  plans: Partial<Record<PlanName, KnownPlan>>
  /** What was submitted last under a name, deleted or not. */
  submitted: Partial<Record<PlanName, { keyed: boolean; shape: PlanShape }>>
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
