import { collectDefaultMetrics, Histogram, Registry } from 'prom-client'

/** From a tenth of a millisecond to ten seconds. */
const COMMAND_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 10]

/**
 * A registry with the metrics of every process: memory, CPU, event-loop lag, garbage collection.
 */
export function processRegistry(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return registry
}

/** Measures a no-op command; call the returned function every few seconds. */
export function redisMetrics(registry: Registry, ping: () => Promise<unknown>) {
  const seconds = new Histogram({
    name: 'tutti_redis_command_seconds',
    help: 'Round trip of a PING, sent every few seconds.',
    buckets: COMMAND_BUCKETS,
    registers: [registry],
  })
  return async (): Promise<void> => {
    const stop = seconds.startTimer()
    // A failed command counts too: its time is how long it took to give up on Redis.
    await ping().finally(stop)
  }
}
