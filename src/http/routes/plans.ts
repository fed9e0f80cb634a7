import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { PlansApi } from '../../core/contract/api.ts'
import { CancelTasks, RetryTasks } from '../../core/contract/task-selection.ts'
import { Plan, PlanPage, Report, Todos } from '../../core/contract/views.ts'
import { answer } from '../openapi/documented-answer.ts'
import { STORED_SUBMISSION } from '../openapi/example-submissions.ts'
import { PLAN, PLAN_PAGE, REPORT, TODOS } from '../openapi/examples.ts'
import { PlanParams } from '../openapi/params.ts'
import { PlanListQuery, SubmissionQuery, WaitQuery } from '../openapi/query.ts'
import { problemAnswers } from '../problems/problem.ts'
import { tenantOf } from '../security/auth.ts'
import type { Waits } from '../streaming/waits.ts'

export interface PlanRouteOptions {
  plans: PlansApi
  waits: Waits
}

const ResumePlan = z
  .strictObject({
    budgetUsd: z
      .number()
      .positive()
      .max(1_000_000)
      .describe('The new budget of the whole plan, in US dollars, including what has been spent.'),
  })
  .meta({ id: 'ResumePlan' })

function millisecondsOf(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time)
}

const StoredSubmission = z.record(z.string(), z.unknown()).meta({ id: 'StoredSubmission' })

/** Reading and changing plans; submitting one is in `submit-plan.ts`. */
export const planRoutes: FastifyPluginAsyncZod<PlanRouteOptions> = async (
  app,
  { plans, waits },
) => {
  app.get(
    '/plans',
    {
      schema: {
        operationId: 'listPlans',
        tags: ['Plans'],
        summary: 'List plans, newest first',
        description:
          "Only the plans of the key's tenant. The filters keep those that fit all of them. `cursor` takes the `nextCursor` of the page before, and no plan is left out or told twice in between. A filtered page may hold few plans, or none, and still have a `nextCursor`: each call looks at 2,000 plans.",
        querystring: PlanListQuery,
        response: {
          200: answer('A page of plans.', PlanPage, { example: PLAN_PAGE }),
          ...problemAnswers('invalid-request'),
        },
      },
    },
    async (request, reply) => {
      const { createdFrom, createdBefore, cursor, ...query } = request.query
      const times = {
        createdFrom: millisecondsOf(createdFrom),
        createdBefore: millisecondsOf(createdBefore),
      }
      return reply.send(await plans.list({ tenant: tenantOf(request), cursor, ...query, ...times }))
    },
  )

  app.get(
    '/plans/:planId',
    {
      schema: {
        operationId: 'getPlan',
        tags: ['Plans'],
        summary: 'Read a plan, or wait for it to finish',
        description:
          'With `wait`, answers when the plan has finished, or with its state when the time is up.',
        params: PlanParams,
        querystring: WaitQuery,
        response: {
          200: answer('The plan.', Plan, { example: PLAN }),
          ...problemAnswers('invalid-request', 'plan-not-found'),
        },
      },
    },
    async (request, reply) => {
      const { wait } = request.query
      const until =
        wait === undefined ? undefined : { timeoutMs: wait * 1_000, signal: waits.signalFor(reply) }
      return reply.send(await plans.get(tenantOf(request), request.params.planId, until))
    },
  )

  app.delete(
    '/plans/:planId',
    {
      schema: {
        operationId: 'deletePlan',
        tags: ['Plans'],
        summary: 'Delete a plan and everything that belongs to it',
        description: 'A plan that is still running is cancelled first.',
        params: PlanParams,
        response: {
          204: z.null().describe('The plan is gone.'),
          ...problemAnswers('plan-not-found'),
        },
      },
    },
    async (request, reply) => {
      await plans.delete(tenantOf(request), request.params.planId)
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/plans/:planId/cancel',
    {
      schema: {
        operationId: 'cancelPlan',
        tags: ['Plans'],
        summary: 'Cancel a plan, or some of its tasks',
        description: [
          'Stops running tasks within a second and starts no more. Finished outputs are kept.',
          'With `tasks` or `status`, cancels only these tasks, all or none; the rest of the plan continues.',
        ].join(' '),
        params: PlanParams,
        body: CancelTasks.prefault({}),
        response: {
          200: answer('The cancelled plan.', Plan, { example: PLAN }),
          202: answer('The plan, some of whose tasks are being cancelled.', Plan, {
            example: PLAN,
          }),
          ...problemAnswers(
            'invalid-request',
            'plan-not-found',
            'plan-finished',
            'task-finished',
            'payload-too-large',
            'unsupported-media-type',
          ),
        },
      },
      config: {
        isBodyOptional: true,
        bodyExamples: {
          tasks: { summary: 'Two tasks', value: { tasks: ['security', 'testing'] } },
          queued: { summary: 'Tasks that have not started', value: { status: ['queued'] } },
        },
      },
    },
    async (request, reply) => {
      const { tasks, status } = request.body
      const plan = await plans.cancel(tenantOf(request), request.params.planId, request.body)
      const isWhole = tasks === undefined && status === undefined
      return reply.code(isWhole ? 200 : 202).send(plan)
    },
  )

  app.post(
    '/plans/:planId/retry',
    {
      schema: {
        operationId: 'retryPlan',
        tags: ['Plans'],
        summary: 'Run several tasks again in one go, then write a new version of the synthesis',
        description: [
          'Those selected by `tasks` and `status`, all or none; without either, all that ended without success.',
          'Tasks that were skipped because of them run afterwards.',
        ].join(' '),
        params: PlanParams,
        body: RetryTasks.prefault({}),
        response: {
          202: answer('The plan, running again.', Plan, { example: PLAN }),
          ...problemAnswers(
            'invalid-request',
            'plan-not-found',
            'task-not-finished',
            'budget-exceeded',
            'quota-exceeded',
            'payload-too-large',
            'unsupported-media-type',
          ),
        },
      },
      config: {
        isBodyOptional: true,
        bodyExamples: {
          failed: { summary: 'All that failed', value: { status: ['failed'] } },
          tasks: { summary: 'Two tasks', value: { tasks: ['security', 'testing'] } },
        },
      },
    },
    async (request, reply) => {
      const plan = await plans.retry(tenantOf(request), request.params.planId, request.body)
      return reply.code(202).send(plan)
    },
  )

  app.post(
    '/plans/:planId/resume',
    {
      schema: {
        operationId: 'resumePlan',
        tags: ['Plans'],
        summary: 'Raise the budget of a plan that its budget stopped, and run the rest',
        description:
          'The budget is set to the amount given, not added to. Tasks that the budget kept from running are queued again, and a new version of the synthesis follows.',
        params: PlanParams,
        body: ResumePlan,
        response: {
          202: answer('The plan, running again.', Plan, { example: PLAN }),
          ...problemAnswers(
            'invalid-request',
            'plan-not-found',
            'budget-exceeded',
            'plan-not-finished',
            'plan-finished',
            'payload-too-large',
            'unsupported-media-type',
          ),
        },
      },
      config: {
        bodyExamples: { raise: { summary: 'Ten dollars in all', value: { budgetUsd: 10 } } },
      },
    },
    async (request, reply) => {
      const { budgetUsd } = request.body
      const plan = await plans.resume(tenantOf(request), request.params.planId, budgetUsd)
      return reply.code(202).send(plan)
    },
  )

  app.get(
    '/plans/:planId/submission',
    {
      schema: {
        operationId: 'getSubmission',
        tags: ['Plans'],
        summary: 'Read the body that a plan was submitted with',
        description:
          'Inline files are listed by name, size and SHA-256; with `?files=true` they are included, so that the answer can be submitted again.',
        params: PlanParams,
        querystring: SubmissionQuery,
        response: {
          200: answer('The body of `POST /v1/plans`.', StoredSubmission, {
            example: STORED_SUBMISSION,
          }),
          ...problemAnswers('invalid-request', 'plan-not-found'),
        },
      },
    },
    async (request, reply) => {
      const { planId } = request.params
      return reply.send(await plans.submission(tenantOf(request), planId, request.query))
    },
  )

  app.get(
    '/plans/:planId/report',
    {
      schema: {
        operationId: 'getReport',
        tags: ['Plans'],
        summary: 'How parallel the plan really was, and what held it back',
        description:
          'Wall time compared with the sum of the task times, without what they waited for a core (an estimate of running them in turn), the critical path, waits in the queue, stragglers, and an explanation of what limited parallelism.',
        params: PlanParams,
        response: {
          200: answer('Times, waiting, stragglers, usage and diagnostics.', Report, {
            example: REPORT,
          }),
          ...problemAnswers('plan-not-found'),
        },
      },
    },
    async (request, reply) =>
      reply.send(await plans.report(tenantOf(request), request.params.planId)),
  )

  app.get(
    '/plans/:planId/todos',
    {
      schema: {
        operationId: 'getTodos',
        tags: ['Plans'],
        summary: 'The plan as a todo list, the synthesis last',
        description:
          'Each task as an item with `content`, `status` and `activeForm`, for callers that show todo lists.',
        params: PlanParams,
        response: {
          200: answer('A todo for each task, in the order of the plan.', Todos, { example: TODOS }),
          ...problemAnswers('plan-not-found'),
        },
      },
    },
    async (request, reply) =>
      reply.send(await plans.todos(tenantOf(request), request.params.planId)),
  )
}
