import { fork } from 'node:child_process'
import { getCompileCacheDir } from 'node:module'
import { fileURLToPath } from 'node:url'
import { settleHeap } from './prepare-process.ts'

const [
  { startPrivateRedis },
  { bannerOf },
  { keepWorker },
  { logsText },
  { openServer },
  { runProcess },
] = await Promise.all([
  import('../store/redis/private-redis.ts'),
  import('./banner.ts'),
  import('./keep-worker.ts'),
  import('./log.ts'),
  import('./open/open-server.ts'),
  import('./run-process.ts'),
])

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url))

await runProcess('api', async (opened) => {
  const { config, lifecycle, log } = opened
  let redisUrl = config.REDIS_URL
  if (redisUrl === undefined) {
    const redis = await startPrivateRedis(config.TUTTI_DATA_DIR, log)
    lifecycle.onClose('private redis', redis.stop)
    redisUrl = redis.url
  }
  // The worker's output goes to this process's terminal and should look the same.
  const LOG_FORMAT = logsText(config) ? 'text' : 'json'
  const env = {
    // Where the command keeps its compile cache, if it has one.
    NODE_COMPILE_CACHE: getCompileCacheDir(),
    ...process.env,
    REDIS_URL: redisUrl,
    LOG_FORMAT,
  }
  // A separate process, so that its tasks never hold up the API.
  const stopWorker = await keepWorker(() => fork(WORKER, [], { env }), log)
  lifecycle.onClose('worker', stopWorker)
  const address = await openServer({ ...opened, redisUrl, env: process.env })
  settleHeap()
  log.info(
    { api: `${address}/v1/plans`, dashboard: `${address}/dashboard`, docs: `${address}/docs` },
    'tutti is up',
  )
  if (logsText(config)) process.stdout.write(bannerOf(address, config))
})
