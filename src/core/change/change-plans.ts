import { releaseUnits } from '../batch/release-units.ts'
import { laneOfUnit } from '../batch/units.ts'
import { BUDGET_EXHAUSTED } from '../budget/allowance.ts'
import type { PlansApi, SynthesesApi, TasksApi } from '../contract/api.ts'
import { ServiceError } from '../contract/errors.ts'
import { invalid } from '../contract/field-errors.ts'
import { isEnded } from '../contract/status.ts'
import type { DeliveryStore, ForgetDeliveries } from '../deliver/webhooks.ts'
import type { TaskLife } from '../ports/plan-store.ts'
import type { BatchQueue } from '../ports/queue.ts'
import type { PlanRecord } from '../ports/records.ts'
import { synthesisPriceErrors } from '../preflight/check-budget.ts'
import { planView } from '../read/plan-views.ts'
import { taskDetail } from '../read/read-tasks.ts'
import { type ReadDeps, requirePlan, requireTask } from '../read/require-plan.ts'
import { type PrepareDeps, synthesisErrors } from '../submit/prepare-plan.ts'
import type { SubmitDeps } from '../submit/submit-plan.ts'
import { retryTasks } from './retry-tasks.ts'

export interface ChangeDeps extends ReadDeps {
  life: TaskLife
  queue: BatchQueue
  newToken: () => string
  tenantLimits: SubmitDeps['tenantLimits']
  deliveries: Pick<DeliveryStore, 'all'>
  forgetDeliveries: ForgetDeliveries
  preparing: Pick<
    PrepareDeps,
    'modelAvailable' | 'schemaProblem' | 'executors' | 'prices' | 'defaultModel'
  >
  /** Something that the caller need not hear of; for the log. */
  onFault: (error: unknown, planId: string) => void
}

export function changePlans(deps: ChangeDeps): Pick<PlansApi, 'cancel' | 'delete' | 'resume'> {
  return {
    async cancel(tenant, planId) {
      const record = await requirePlan(deps, tenant, planId)
      if (record.outcome !== undefined) {
        throw new ServiceError('plan-finished', `The plan has finished: it is ${record.outcome}.`)
      }
      const { released } = await deps.life.stop(planId, 'cancelled', 'The plan was cancelled.')
      // Jobs of tasks that will never run; without this the sweeper would get to them.
      releaseUnits(deps, record, released).catch((error: unknown) => deps.onFault(error, planId))
      return planView(await requirePlan(deps, tenant, planId), { waves: true })
    },

    async delete(tenant, planId) {
      const record = await requirePlan(deps, tenant, planId)
      await deletePlan(deps, record)
    },

    async resume(tenant, planId, budgetUsd) {
      const record = await requirePlan(deps, tenant, planId)
      if (record.stop?.code !== 'budget-exhausted') {
        throw new ServiceError('plan-not-finished', 'The plan was not stopped by its budget.')
      }
      const gone = record.usage.costUsd + record.held.unknownUsd
      if (budgetUsd <= gone) {
        const detail = `must be more than the ${gone} already spent`
        throw invalid([{ pointer: '/budgetUsd', detail }])
      }
      await deps.plans.setBudget(planId, budgetUsd)
      await retryTasks(deps, record, (task) => task.error?.code === 'budget-exhausted')
      return planView(await requirePlan(deps, tenant, planId), { waves: true })
    },
  }
}

/** Stops what runs and removes everything of a plan, its jobs included. */
export async function deletePlan(
  deps: Pick<ChangeDeps, 'plans' | 'life' | 'queue' | 'deliveries' | 'forgetDeliveries'>,
  record: PlanRecord,
): Promise<void> {
  const planId = record.spec.id
  const running = record.outcome === undefined
  const units = running ? await deps.life.nextUnit(planId) : 0
  const deliveries = record.spec.webhook === undefined ? [] : await deps.deliveries.all(planId)
  await deps.plans.delete(planId, record.spec.tenant)
  const pending = deliveries.filter(({ status }) => status === 'pending')
  await deps.forgetDeliveries(
    planId,
    pending.map(({ id }) => id),
  )
  const all = Array.from({ length: units }, (_, unit) => ({
    unit,
    lane: laneOfUnit(record.spec.units, unit),
  }))
  // Jobs that a worker has are left: it finds the plan gone, and they end.
  if (running) await deps.queue.remove(planId, all)
}

export function changeTasks(deps: ChangeDeps): Pick<TasksApi, 'cancel' | 'retry'> {
  return {
    async cancel(tenant, planId, taskId) {
      const record = await requirePlan(deps, tenant, planId)
      const { status, released } = await deps.life.cancel(planId, taskId)
      switch (status) {
        case 'gone':
          throw new ServiceError('plan-not-found', `There is no plan ${planId}.`)
        case 'unknown':
          throw new ServiceError('task-not-found', `The plan has no task ${taskId.slice(0, 80)}.`)
        case 'ended':
          throw new ServiceError('task-finished', 'The task has ended; there is nothing to cancel.')
        case 'cancelled':
        case 'cancelling':
          await releaseUnits(deps, record, released)
          return taskDetail(deps, tenant, planId, taskId)
      }
    },

    async retry(tenant, planId, taskId) {
      const record = await requirePlan(deps, tenant, planId)
      const { state } = await requireTask(deps, planId, taskId)
      if (!isEnded(state.status)) {
        throw new ServiceError(
          'task-not-finished',
          `The task is ${state.status}; it cannot be retried yet.`,
        )
      }
      refuseWithoutMoney(record)
      await retryTasks(deps, record, (_, id) => id === taskId)
      return taskDetail(deps, tenant, planId, taskId)
    },
  }
}

/** What a plan starts again has to be paid for. */
function refuseWithoutMoney({ stop, budgetUsd, usage, held }: PlanRecord): void {
  const isSpent = budgetUsd !== undefined && usage.costUsd + held.unknownUsd >= budgetUsd
  if (stop?.code !== BUDGET_EXHAUSTED && !isSpent) return
  throw new ServiceError(
    'budget-exceeded',
    'What is left of the budget of the plan does not pay for more. Raise it with `resume`: what it stopped then runs too.',
  )
}

export function changeSyntheses(deps: ChangeDeps): Pick<SynthesesApi, 'request'> {
  return {
    async request(tenant, planId, spec) {
      const record = await requirePlan(deps, tenant, planId)
      const errors = synthesisErrors(deps.preparing, spec, '')
      if (record.budgetUsd !== undefined && deps.preparing.modelAvailable) {
        errors.push(...synthesisPriceErrors(deps.preparing, spec, ''))
      }
      if (errors.length > 0) throw invalid(errors)
      // Where nobody asked for a model, the deterministic merge answers, and says why.
      if (spec.executor === 'model' || spec.model !== undefined) refuseWithoutMoney(record)
      const { every: _, ...options } = spec
      const jobId = `${planId}-v${deps.newToken()}`
      // Enqueued first: whichever comes first, the job or the next line, names the version.
      await deps.queue.enqueueSynthesis({
        planId,
        jobId,
        kind: 'again',
        afterStop: record.stop?.code === 'cancelled',
        ...options,
      })
      const asked = await deps.syntheses.request(planId, jobId)
      if (asked.status === 'gone') {
        throw new ServiceError('plan-not-found', `There is no plan ${planId}.`)
      }
      return { version: asked.version }
    },
  }
}
