import type { FastifyPluginAsync } from 'fastify'

/** What `/metrics` answers with: text in the format of Prometheus. */
export interface Metrics {
  contentType: string
  render(): Promise<string>
}

export const metricsRoute: FastifyPluginAsync<Metrics> = async (app, metrics) => {
  app.get(
    '/metrics',
    { config: { access: 'admin', isProbe: true }, schema: { hide: true } },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.render()),
  )
}
