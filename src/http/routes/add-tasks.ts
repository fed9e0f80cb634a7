import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { PlansApi } from '../../core/contract/api.ts'
import { AddTasks } from '../../core/contract/submission.ts'
import { Plan } from '../../core/contract/views.ts'
import { answer } from '../openapi/documented-answer.ts'
import { PLAN } from '../openapi/examples.ts'
import { AddHeaders } from '../openapi/headers.ts'
import { PlanParams } from '../openapi/params.ts'
import { problemAnswers } from '../problems/problem.ts'
import { validatorOfAllButBody } from '../problems/validation.ts'
import { tenantOf } from '../security/auth.ts'

const REPLAYED = {
  type: 'string',
  description: '`true` if the `Idempotency-Key` named tasks that had already been added.',
} as const

export const addRoutes: FastifyPluginAsyncZod<{ plans: Pick<PlansApi, 'add'> }> = async (
  app,
  { plans },
) => {
  app.post(
    '/plans/:planId/tasks',
    {
      // The use case validates the body, by the limits of the service.
      validatorCompiler: validatorOfAllButBody,
      schema: {
        operationId: 'addTasks',
        tags: ['Tasks'],
        summary: 'Add tasks to a plan that runs or has finished',
        description: [
          'Checks them together with the tasks that the plan has, stores them and enqueues them as one batch, all or',
          'none. They may depend on tasks of the plan. A plan that has finished runs again, and a new version of the',
          'synthesis follows. `policy.maxTasks` limits how many tasks a plan may come to have. A plan that was stopped',
          'takes none. Repeating a request with the same `Idempotency-Key` is safe.',
        ].join(' '),
        headers: AddHeaders,
        params: PlanParams,
        body: AddTasks,
        response: {
          202: answer('The plan, with the tasks; their batch is durable.', Plan, {
            example: PLAN,
            headers: { 'Idempotency-Replayed': REPLAYED },
          }),
          ...problemAnswers(
            'invalid-request',
            'plan-not-found',
            'plan-stopped',
            'task-not-finished',
            'budget-exceeded',
            'payload-too-large',
            'unsupported-media-type',
            'idempotency-key-reused',
            'overlapping-tasks',
            'quota-exceeded',
          ),
        },
      },
      config: {
        bodyExamples: {
          follow: {
            summary: 'A task that follows one of the plan',
            value: {
              tasks: [{ id: 'fix', task: 'Fix what was found.', dependsOn: ['security'] }],
            },
          },
        },
      },
    },
    async (request, reply) => {
      const { plan, created } = await plans.add({
        tenant: tenantOf(request),
        planId: request.params.planId,
        body: request.body as unknown,
        idempotencyKey: request.headers['idempotency-key'],
      })
      if (!created) reply.header('idempotency-replayed', 'true')
      return reply.code(202).send(plan)
    },
  )
}
