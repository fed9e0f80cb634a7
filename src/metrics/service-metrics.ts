import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { ServiceState } from '../core/contract/service-state.ts'

const REQUEST_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30, 60,
]

export interface ServiceMetrics {
  /** Records an answered request; `route` as declared, so that labels contain no ids. */
  requestAnswered(request: { route: string; method: string; status: number; seconds: number }): void
  /** All metrics as text, with the service's state read again. */
  render: () => Promise<string>
}

/**
 * The metrics of an API process: its own requests, and the state of the whole service, which is the
 * same from every API process. While the store is down, only its own metrics and that fact.
 */
export function serviceMetrics(
  registry: Registry,
  options: { read: () => Promise<ServiceState>; waitingCallers: () => number },
): ServiceMetrics {
  const registers = [registry]
  const requests = new Histogram({
    name: 'tutti_http_request_duration_seconds',
    help: 'From the first byte of a request to the last of its answer, waits and streams included.',
    labelNames: ['route', 'method', 'status'],
    buckets: REQUEST_BUCKETS,
    registers,
  })
  new Gauge({
    name: 'tutti_waiting_callers',
    help: 'Requests of this process that wait for a plan, a task or a synthesis, streams included.',
    registers,
    collect() {
      this.set(options.waitingCallers())
    },
  })
  const storeUp = new Gauge({
    name: 'tutti_store_up',
    help: '1 when Redis answered at this scrape; 0 leaves out what is read from it.',
    registers,
  })
  const plans = new Gauge({
    name: 'tutti_plans',
    help: 'Plans of the service that have not finished.',
    labelNames: ['status'],
    registers,
  })
  const tasks = new Gauge({
    name: 'tutti_tasks',
    help: 'Tasks of the plans that have not finished.',
    labelNames: ['status'],
    registers,
  })
  const finished = new Counter({
    name: 'tutti_plans_finished_total',
    help: 'Plans of the service that ever finished, counted in Redis.',
    labelNames: ['status'],
    registers,
  })
  const jobs = new Gauge({
    name: 'tutti_queue_jobs',
    help: 'Jobs of the service in its queues, over all shards; a job holds one or several tasks.',
    labelNames: ['queue', 'state'],
    registers,
  })
  const workers = new Gauge({
    name: 'tutti_workers',
    help: 'Workers of the service that are alive.',
    registers,
  })

  function show({ totals, queues, workers: alive }: ServiceState): void {
    for (const [status, count] of Object.entries(totals.plans)) plans.set({ status }, count)
    for (const [status, count] of Object.entries(totals.tasks)) tasks.set({ status }, count)
    for (const [status, count] of Object.entries(totals.finished)) finished.inc({ status }, count)
    for (const { name: queue, waiting, active, delayed } of queues) {
      jobs.inc({ queue, state: 'waiting' }, waiting)
      jobs.inc({ queue, state: 'active' }, active)
      jobs.inc({ queue, state: 'delayed' }, delayed)
    }
    workers.set(alive.length)
  }

  async function refresh(): Promise<string> {
    const state = await options.read().catch(() => undefined)
    // Nothing is awaited from here until the text is rendered, so that no other scrape can
    // interfere.
    for (const metric of [plans, tasks, finished, jobs, workers]) metric.reset()
    if (state === undefined) workers.remove()
    storeUp.set(state === undefined ? 0 : 1)
    if (state !== undefined) show(state)
    return registry.metrics()
  }

  let underWay: Promise<string> | undefined
  return {
    requestAnswered: ({ route, method, status, seconds }) =>
      requests.observe({ route, method, status }, seconds),
    render() {
      // Simultaneous scrapes share one reading.
      underWay ??= refresh().finally(() => {
        underWay = undefined
      })
      return underWay
    },
  }
}
