import { tracedWorkspaces } from '../tracing/traced-workspaces.ts'
import { openExecutors } from './open/open-executors.ts'
import { openModelGates } from './open/open-model-gates.ts'
import { openReading } from './open/open-reading.ts'
import { openWorker } from './open/open-worker.ts'
import { openWorkspaces } from './open/open-workspaces.ts'
import { requireRedisUrl, runProcess } from './run-process.ts'

await runProcess('worker', async ({ config, lifecycle, log, tracing }) => {
  const { tracer } = tracing
  const redisUrl = requireRedisUrl(config)
  const gates = await openModelGates({ config, redisUrl, lifecycle, log })
  const reading = openReading(log)
  lifecycle.onClose('reading', () => reading.close())
  await openWorker({
    config,
    redisUrl,
    executors: openExecutors(config, log, gates, tracer, reading),
    workspaces: tracedWorkspaces(tracer, openWorkspaces(config, process.env, log)),
    reading,
    lifecycle,
    log,
    tracer,
  })
  // Started by `npm start`: ends when that does, however it ends.
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.send?.('up')
})
