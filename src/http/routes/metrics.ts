import type { FastifyPluginAsync } from 'fastify'

/** The answer of `/metrics`: text in Prometheus's format. */
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
