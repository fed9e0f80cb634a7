import type { GoalPlanner } from '../core/ports/models.ts'
import type { Tracer } from '../core/ports/tracing.ts'
import type { SubmitDeps } from '../core/submit/submit-plan.ts'

/** Records the slow steps of a submission as spans. */
export function tracedSubmission(tracer: Tracer, deps: SubmitDeps): SubmitDeps {
  const { planner, checkPlan, plans, queue } = deps
  const traced =
    (plan: GoalPlanner): GoalPlanner =>
    (request, signal) =>
      tracer.span({ name: 'plan goal' }, () => plan(request, signal))
  return {
    ...deps,
    planner: planner === undefined ? undefined : traced(planner),
    checkPlan: (plan, tasks, options) =>
      tracer.span({ name: 'preflight', attributes: { 'tutti.tasks': tasks.length } }, () =>
        checkPlan(plan, tasks, options),
      ),
    plans: {
      ...plans,
      create: (plan) =>
        tracer.span({ name: 'store plan', attributes: { 'tutti.plan.id': plan.spec.id } }, () =>
          plans.create(plan),
        ),
    },
    queue: {
      ...queue,
      enqueueBatch: (synthesis, units) =>
        tracer.span(
          {
            name: 'enqueue batch',
            kind: 'producer',
            attributes: {
              'messaging.system': 'bullmq',
              'messaging.operation.type': 'send',
              'messaging.operation.name': 'enqueue batch',
              // A job has one or several tasks.
              'messaging.batch.message_count': units.length,
              'tutti.tasks': units[0]?.planTasks ?? 0,
              'tutti.plan.id': synthesis.planId,
            },
          },
          () => queue.enqueueBatch(synthesis, units),
        ),
    },
  }
}
