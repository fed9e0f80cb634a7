import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { SystemApi } from '../../core/contract/api.ts'
import { WorkersView } from '../../core/contract/workers.ts'
import { answer } from '../openapi/documented-answer.ts'
import { WORKERS } from '../openapi/examples.ts'
import { problemAnswers } from '../problems/problem.ts'

export const workerRoutes: FastifyPluginAsyncZod<{ system: Pick<SystemApi, 'workers'> }> = async (
  app,
  { system },
) => {
  app.get(
    '/workers',
    {
      schema: {
        operationId: 'getWorkers',
        tags: ['System'],
        summary: 'Which workers are alive, and how long the queues are',
        description: 'Only counts, across all tenants; nothing about any plan is shown.',
        response: {
          200: answer('Workers, queues, and models that are held back.', WorkersView, {
            example: WORKERS,
          }),
          ...problemAnswers(),
        },
      },
    },
    async (_request, reply) => reply.send(await system.workers()),
  )
}
