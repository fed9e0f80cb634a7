import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { SystemApi } from '../../core/contract/api.ts'
import { ExecutorList } from '../../core/contract/executors.ts'
import { answer } from '../openapi/documented-answer.ts'
import { problemAnswers } from '../problems/problem.ts'

export const executorRoutes: FastifyPluginAsyncZod<{ system: SystemApi }> = async (
  app,
  { system },
) => {
  app.get(
    '/executors',
    {
      schema: {
        operationId: 'listExecutors',
        tags: ['System'],
        summary: 'What can run tasks here, and which runs them by default',
        description:
          'Each with its capabilities, its tools and options for tasks, and the reason if it cannot run here.',
        response: {
          // No example: linters mistake one with `default` and `items` for a schema.
          200: answer('The executors that are configured.', ExecutorList),
          ...problemAnswers(),
        },
      },
    },
    async (_request, reply) => reply.send(system.executors()),
  )
}
