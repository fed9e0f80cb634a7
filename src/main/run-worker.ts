import { tracedWorkspaces } from '../tracing/traced-workspaces.ts'
import { openExecutors } from './open/open-executors.ts'
import { openModelGates } from './open/open-model-gates.ts'
import { openReading } from './open/open-reading.ts'
import { openWorker } from './open/open-worker.ts'
import { openWorkspaces } from './open/open-workspaces.ts'
import { type Process, requireRedisUrl } from './run-process.ts'

/** Opens everything a worker process consists of. */
export async function runWorker({ config, lifecycle, log, tracing }: Process): Promise<void> {
  const { tracer } = tracing
  const redisUrl = requireRedisUrl(config)
  const gates = await openModelGates({ config, redisUrl, lifecycle, log })
  const reading = openReading(log)
  lifecycle.onClose('reading', () => reading.close())
  const executors = openExecutors(config, log, gates, tracer, reading)
  lifecycle.onClose('provider batches', () => executors.closeBatches())
  await openWorker({
    config,
    redisUrl,
    executors,
    workspaces: tracedWorkspaces(tracer, openWorkspaces(config, process.env, log)),
    reading,
    lifecycle,
    log,
    tracer,
  })
}
