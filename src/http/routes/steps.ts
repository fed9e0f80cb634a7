import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { TasksApi } from '../../core/contract/api.ts'
import { Message, PostMessage, Step, StepPage } from '../../core/contract/steps.ts'
import { answer } from '../openapi/documented-answer.ts'
import { MESSAGE, STEP, STEP_PAGE } from '../openapi/example-steps.ts'
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

  app.post(
    '/plans/:planId/tasks/:taskId/messages',
    {
      schema: {
        operationId: 'postMessage',
        tags: ['Tasks'],
        summary: 'Send a message to the agent of a task',
        description:
          'The agent reads it before its next step, or before its first one if it has not started, whichever worker runs it. Once read, it is among the steps of the task. A message that arrives during the last answer of an agent may never be read.',
        params: TaskParams,
        body: PostMessage,
        response: {
          202: answer('The accepted message.', Message, { example: MESSAGE }),
          ...problemAnswers(
            'invalid-request',
            'plan-not-found',
            'task-not-found',
            'task-finished',
            'messages-not-read',
            'too-many-messages',
            'payload-too-large',
            'unsupported-media-type',
          ),
        },
      },
      config: {
        bodyExamples: {
          message: { summary: 'A hint', value: { text: MESSAGE.text } },
        },
      },
    },
    async (request, reply) => {
      const { planId, taskId } = request.params
      const { text } = request.body
      const tenant = tenantOf(request)
      return reply.code(202).send(await tasks.message({ tenant, planId, taskId, text }))
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
