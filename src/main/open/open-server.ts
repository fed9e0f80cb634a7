import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import type { Logger } from 'pino'
import { buildApp } from '../../http/app.ts'
import { VERSION } from '../../version.ts'
import type { Config } from '../config.ts'
import type { Lifecycle } from '../lifecycle.ts'
import { openApi } from './open-api.ts'
import { openExecutors } from './open-executors.ts'
import type { Tracing } from './open-tracing.ts'
import { openWorkspaces } from './open-workspaces.ts'

/** Opens the API and starts listening. Resolves to the address. */
export async function openServer(options: {
  config: Config
  redisUrl: string
  env: NodeJS.ProcessEnv
  lifecycle: Lifecycle
  log: Logger
  tracing: Tracing
}): Promise<string> {
  const { config, lifecycle, log } = options
  const { tracer, requests } = options.tracing
  const executors = openExecutors(config, log, undefined, tracer)
  const { api, queue, limits, metrics, plugins } = await openApi({
    ...options,
    tracer,
    executors,
    workspaces: openWorkspaces(config, options.env, log),
  })
  const keys = config.TUTTI_API_KEYS
  const app = await buildApp({
    api,
    limits,
    keys: keys.size === 0 ? undefined : keys,
    loopbackOnly: keys.size === 0,
    corsOrigins: config.TUTTI_CORS_ORIGINS,
    log,
    version: VERSION,
    metrics: metrics.served?.metrics,
    tracing: requests,
    plugins: [...(metrics.served?.plugins ?? []), ...plugins],
    queues: queue.queues.map((entry) => new BullMQAdapter(entry.queue, { readOnlyMode: true })),
  })
  lifecycle.onClose('http', () => app.close())
  return app.listen({ host: config.HOST, port: config.PORT })
}
