import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { SystemApi } from '../../core/contract/api.ts'
import { ServiceError } from '../../core/contract/errors.ts'
import { answer } from '../openapi/documented-answer.ts'
import { problemAnswersOf } from '../problems/problem.ts'

const Health = z.object({ status: z.literal('ok') }).meta({ id: 'Health' })

export const probeRoutes: FastifyPluginAsyncZod<{ system: SystemApi }> = async (
  app,
  { system },
) => {
  const config = { access: 'public', isProbe: true } as const
  const example = { status: 'ok' } as const

  app.get(
    '/livez',
    {
      config,
      schema: {
        operationId: 'isAlive',
        tags: ['System'],
        summary: 'Whether the process serves requests',
        description:
          'Checks nothing else: a process should not be restarted because Redis is down.',
        security: [],
        response: {
          200: answer('It does.', Health, { example }),
          ...problemAnswersOf(['forbidden', 'internal-error']),
        },
      },
    },
    async (_request, reply) => reply.send({ status: 'ok' }),
  )

  app.get(
    '/readyz',
    {
      config,
      schema: {
        operationId: 'isReady',
        tags: ['System'],
        summary: 'Whether plans can be submitted now',
        description: 'No while Redis is down, and from the start of a shutdown.',
        security: [],
        response: {
          200: answer('They can.', Health, { example }),
          ...problemAnswersOf(['forbidden', 'unavailable']),
        },
      },
    },
    async (_request, reply) => {
      if (!(await system.ready())) {
        throw new ServiceError('unavailable', 'The store does not answer.')
      }
      return reply.send({ status: 'ok' })
    },
  )
}
