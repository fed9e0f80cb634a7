import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { TasksApi } from '../../core/contract/api.ts'
import { Step, StepPage } from '../../core/contract/steps.ts'
import { answer } from '../openapi/documented-answer.ts'
import { STEP, STEP_PAGE } from '../openapi/example-steps.ts'
import { StepParams, TaskParams } from '../openapi/params.ts'
import { PageQuery } from '../openapi/query.ts'
import { problemAnswers } from '../problems/problem.ts'
import { tenantOf } from '../security/auth.ts'

export const stepRoutes: FastifyPluginAsyncZod<{ tasks: TasksApi }> = async (app, { tasks }) => {
  app.get(
    '/plans/:planId/tasks/:taskId/steps',
    {
      schema: {
        operationId: 'listSteps',
        tags: ['Tasks'],
        summary: 'List what an agent has said and done, step by step',
        description:
          'One step for each answer of a model, with the tools that it called, across all attempts at the task. Long arguments and results are cut here; a single step has them in full. The event `step.finished` announces each new one.',
        params: TaskParams,
        querystring: PageQuery,
        response: {
          200: answer('A page of steps, the first one first.', StepPage, { example: STEP_PAGE }),
          ...problemAnswers('invalid-request', 'plan-not-found', 'task-not-found'),
        },
      },
    },
    async (request, reply) => {
      const { planId, taskId } = request.params
      const { limit, cursor } = request.query
      const query = { tenant: tenantOf(request), planId, taskId, limit, cursor }
      return reply.send(await tasks.steps(query))
    },
  )

  app.get(
    '/plans/:planId/tasks/:taskId/steps/:number',
    {
      schema: {
        operationId: 'getStep',
        tags: ['Tasks'],
        summary: 'Read one step, with complete arguments and results',
        description: 'Everything that is kept of the step.',
        params: StepParams,
        response: {
          200: answer('The step.', Step, { example: STEP }),
          ...problemAnswers('plan-not-found', 'task-not-found', 'step-not-found'),
        },
      },
    },
    async (request, reply) => {
      const { planId, taskId, number } = request.params
      return reply.send(await tasks.step(tenantOf(request), planId, taskId, number))
    },
  )
}
