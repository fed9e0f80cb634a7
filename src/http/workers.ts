import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { SystemApi } from '../core/api.ts'
import { WorkersView } from '../core/workers.ts'
import { answer } from './answers.ts'
import { WORKERS } from './examples.ts'
import { problemAnswers } from './problem.ts'

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
        description: 'Counts only, of all tenants together; nothing of any plan is shown.',
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
