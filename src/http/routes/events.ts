import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Api } from '../../core/contract/api.ts'
import { isFinished } from '../../core/contract/status.ts'
import { EVENT_STREAM } from '../openapi/examples.ts'
import { EventsHeaders } from '../openapi/headers.ts'
import { PlanParams } from '../openapi/params.ts'
import { EventsQuery } from '../openapi/query.ts'
import { problemAnswers } from '../problems/problem.ts'
import { tenantOf } from '../security/auth.ts'
import { eventStream } from '../streaming/sse.ts'
import type { Waits } from '../streaming/waits.ts'

export interface EventRouteOptions {
  api: Pick<Api, 'events' | 'plans'>
  waits: Waits
  heartbeatMs: number
}

export const EVENT_STREAM_TYPE = 'text/event-stream'

export const eventRoutes: FastifyPluginAsyncZod<EventRouteOptions> = async (
  app,
  { api, waits, heartbeatMs },
) => {
  app.get(
    '/plans/:planId/events',
    {
      schema: {
        operationId: 'followPlan',
        tags: ['Events'],
        summary: 'Follow a plan as server-sent events',
        description: [
          'A `snapshot` first, then every change in order; ends after `plan.finished`.',
          'A browser resumes by itself, with `Last-Event-ID`, without a gap or a repeat.',
          'After an unknown id, the stream starts with a `snapshot` again; `0-0` is before the first event.',
          'Comments keep the connection alive while nothing changes.',
        ].join(' '),
        params: PlanParams,
        querystring: EventsQuery,
        headers: EventsHeaders,
        response: {
          200: {
            description: 'The stream. `data` is JSON; `event` is its type.',
            content: { [EVENT_STREAM_TYPE]: { schema: z.string(), example: EVENT_STREAM } },
          },
          204: z.null().describe('Resumed after the last event: there is nothing more to come.'),
          ...problemAnswers('invalid-request', 'plan-not-found', 'task-not-found'),
        },
      },
    },
    async (request, reply) => {
      const tenant = tenantOf(request)
      const { planId } = request.params
      const { tokens, taskId } = request.query
      // Browsers send an empty header before the first event.
      const lastEventId = request.headers['last-event-id'] || request.query.lastEventId
      const signal = waits.signalFor(reply)
      // Checked before the events: a plan that has finished by now only gets events that follow.
      const wasFinished =
        lastEventId !== undefined && isFinished((await api.plans.get(tenant, planId)).status)
      const events = await api.events.follow(tenant, planId, {
        lastEventId,
        tokens,
        taskId,
        signal,
      })
      const iterator = events[Symbol.asyncIterator]()
      const first = iterator.next()
      // 204 tells a browser to stop reconnecting.
      if (wasFinished && (await first).done === true) return reply.code(204).send(null)
      reply.type(`${EVENT_STREAM_TYPE}; charset=utf-8`).headers({
        'cache-control': 'no-store, no-transform',
        // Tells nginx not to buffer events.
        'x-accel-buffering': 'no',
      })
      const stream = eventStream(iterator, first, { signal, heartbeatMs })
      if (request.method === 'HEAD') stream.destroy()
      return reply.send((request.method === 'HEAD' ? '' : stream) as never)
    },
  )
}
