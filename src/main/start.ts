import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { startPrivateRedis } from '../store/private-redis.ts'
import { bannerOf } from './banner.ts'
import { logsText } from './log.ts'
import { openServer } from './open-server.ts'
import { runProcess } from './run-process.ts'

const RESTART_MS = 500

await runProcess('api', async (opened) => {
  const { config, lifecycle, log } = opened
  let redisUrl = config.REDIS_URL
  if (redisUrl === undefined) {
    const redis = await startPrivateRedis(config.TUTTI_DATA_DIR, log)
    lifecycle.onClose('private redis', redis.stop)
    redisUrl = redis.url
  }
  // The worker's output goes through this process's terminal, and looks the same.
  const LOG_FORMAT = logsText(config) ? 'text' : 'json'
  const stopWorker = await startWorker({ ...process.env, REDIS_URL: redisUrl, LOG_FORMAT }, log)
  lifecycle.onClose('worker', stopWorker)
  const address = await openServer({ ...opened, redisUrl, env: process.env })
  log.info(
    { api: `${address}/v1/plans`, dashboard: `${address}/dashboard`, docs: `${address}/docs` },
    'tutti is up',
  )
  if (logsText(config)) process.stdout.write(bannerOf(address, config))
})

/** Runs the worker as a process of its own, so that its tasks never hold up the API; again when it dies. */
async function startWorker(env: NodeJS.ProcessEnv, log: Logger): Promise<() => Promise<void>> {
  let stopping = false
  let worker: ChildProcess
  const launch = (): Promise<void> =>
    new Promise((up, failed) => {
      let wasUp = false
      worker = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), [], { env })
      worker.once('message', () => {
        wasUp = true
        up()
      })
      worker.once('exit', (code, signal) => {
        if (stopping) return
        if (!wasUp) return failed(new Error(`the worker could not start (exit ${code ?? signal})`))
        log.error({ code, signal }, 'worker died, starting it again')
        setTimeout(() => {
          launch().catch((err: unknown) => log.fatal({ err }, 'worker cannot be started'))
        }, RESTART_MS)
      })
    })
  await launch()
  return async () => {
    stopping = true
    if (worker.exitCode !== null || worker.signalCode !== null) return
    const exited = new Promise((done) => worker.once('exit', done))
    worker.kill('SIGTERM')
    await exited
  }
}
