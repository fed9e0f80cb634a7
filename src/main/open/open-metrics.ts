import type { FastifyPluginAsync } from 'fastify'
import type { Logger } from 'pino'
import type { ServiceState } from '../../core/contract/service-state.ts'
import type { ModelGate } from '../../core/model-gate/gate.ts'
import type { Metrics } from '../../http/routes/metrics.ts'
import { keyFinder } from '../../http/security/api-keys.ts'
import type { WorkerMetrics, workerMetrics } from '../../metrics/worker-metrics.ts'
import type { RedisClient } from '../../store/redis/connect-redis.ts'
import type { Config } from '../config.ts'
import { every } from '../every.ts'
import { faultLog } from '../fault-log.ts'
import type { Lifecycle } from '../lifecycle.ts'
import type { Stores } from './open-stores.ts'

const PING_MS = 5_000

interface Options {
  config: Config
  redis: RedisClient
  lifecycle: Lifecycle
  log: Logger
}

export interface ApiMetrics {
  /** For `buildApp`; absent if metrics are off. */
  served?: { metrics: Metrics; plugins: FastifyPluginAsync[] }
}

/** Metrics of an API process. If they are off, none of their code is loaded. */
export async function openApiMetrics(
  options: Options & { read: () => Promise<ServiceState>; waitingCallers: () => number },
): Promise<ApiMetrics> {
  if (options.config.TUTTI_METRICS_PORT === undefined) return {}
  const [{ processRegistry, redisMetrics }, { requestTimer }, { serviceMetrics }] =
    await Promise.all([
      import('../../metrics/process-metrics.ts'),
      import('../../metrics/request-timer.ts'),
      import('../../metrics/service-metrics.ts'),
    ])
  const registry = processRegistry()
  pingEvery(
    options,
    redisMetrics(registry, () => options.redis.ping()),
  )
  const metrics = serviceMetrics(registry, options)
  return {
    served: {
      metrics: { contentType: registry.contentType, render: metrics.render },
      plugins: [requestTimer(metrics)],
    },
  }
}

/**
 * Serves a worker's own metrics. If the port is taken, for example by a second worker on the
 * machine, that is only logged: the worker can do without.
 */
export async function openWorkerMetrics(
  options: Options & { slots: Parameters<typeof workerMetrics>[1]['slots'] },
): Promise<WorkerMetrics | undefined> {
  const { config, lifecycle, log } = options
  const { TUTTI_METRICS_PORT: port, TUTTI_API_KEYS: keys } = config
  if (port === undefined) return undefined
  const [{ processRegistry, redisMetrics }, { workerMetrics }, { startMetricsServer }] =
    await Promise.all([
      import('../../metrics/process-metrics.ts'),
      import('../../metrics/worker-metrics.ts'),
      import('../../metrics/metrics-server.ts'),
    ])
  const registry = processRegistry()
  pingEvery(
    options,
    redisMetrics(registry, () => options.redis.ping()),
  )
  const metrics = workerMetrics(registry, {
    slots: options.slots,
    defaultModel: config.TUTTI_MODEL,
  })
  const findCaller = keyFinder(keys)
  const mayRead = (key: string | undefined) =>
    keys.size === 0 || findCaller(key ?? '')?.scopes.has('admin') === true
  try {
    const server = await startMetricsServer({ registry, host: config.HOST, port, mayRead })
    lifecycle.onClose('metrics', () => server.close())
    log.info({ port: server.port }, 'metrics are served')
  } catch (err) {
    log.error({ err, port }, 'metrics cannot be served')
  }
  return metrics
}

function pingEvery({ lifecycle, log }: Options, ping: () => Promise<void>): void {
  lifecycle.onClose('redis timer', every(PING_MS, ping, faultLog(log)))
}

/** The same stores, with counting. */
export function countedStores(stores: Stores, metrics: WorkerMetrics | undefined): Stores {
  if (metrics === undefined) return stores
  metrics.readTenants(async (planId) => (await stores.plans.get(planId))?.spec.tenant)
  return {
    ...stores,
    life: metrics.life(stores.life),
    syntheses: metrics.syntheses(stores.syntheses),
    parts: metrics.parts(stores.parts),
    deliveries: metrics.deliveries(stores.deliveries),
  }
}

/** The same gate, which also reports calls that a provider refused because there were too many. */
export function watchedGate(gate: ModelGate, onHold: () => void): ModelGate {
  return {
    async acquire(key, signal) {
      const permit = await gate.acquire(key, signal)
      return {
        release(outcome) {
          if (outcome.status === 'rate-limited' || outcome.status === 'overloaded') onHold()
          return permit.release(outcome)
        },
      }
    },
  }
}
