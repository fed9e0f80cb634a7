import type { FastifyPluginAsync } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import type { ServiceMetrics } from './service-metrics.ts'

/** Times every answered request; requests without a route are counted as one route. */
export function requestTimer(metrics: Pick<ServiceMetrics, 'requestAnswered'>): FastifyPluginAsync {
  return fastifyPlugin(async (app) => {
    app.addHook('onResponse', async (request, reply) => {
      metrics.requestAnswered({
        route: request.routeOptions.url ?? 'none',
        method: request.method,
        status: reply.statusCode,
        seconds: reply.elapsedTime / 1_000,
      })
    })
  })
}
