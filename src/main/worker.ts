import { openExecutors } from './open-executors.ts'
import { openModelGates } from './open-model-gates.ts'
import { openWorker } from './open-worker.ts'
import { openWorkspaces } from './open-workspaces.ts'
import { requireRedisUrl, runProcess } from './run-process.ts'

await runProcess('worker', async ({ config, lifecycle, log }) => {
  const redisUrl = requireRedisUrl(config)
  const gates = await openModelGates({ config, redisUrl, lifecycle, log })
  await openWorker({
    config,
    redisUrl,
    executors: openExecutors(config, log, gates),
    workspaces: openWorkspaces(config, process.env, log),
    lifecycle,
    log,
  })
  // Started by `npm start`: ends with it, however that ended.
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.send?.('up')
})
