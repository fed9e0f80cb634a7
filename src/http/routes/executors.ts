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
          'Each with what it can do, the tools and options that a task may give it, and, where it cannot run here, the reason.',
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
