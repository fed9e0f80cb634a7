import closeWithGrace from 'close-with-grace'
import type { Logger } from 'pino'
import { type Config, loadConfig } from './config.ts'
import { createLifecycle, type Lifecycle } from './lifecycle.ts'
import { createLog } from './log.ts'

/** For connections to close after the tasks have had their grace. */
const CLOSING_MS = 15_000

export interface Process {
  config: Config
  lifecycle: Lifecycle
  log: Logger
}

/**
 * Runs one of the processes: reads the environment, opens, and closes all of it on SIGTERM, SIGINT or
 * an error nobody caught. What is wrong with the environment is one message and exit status 1.
 */
export async function runProcess(
  part: string,
  open: (process: Process) => Promise<void>,
): Promise<void> {
  let config: Config
  try {
    config = loadConfig(process.env)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
    return
  }
  const log = createLog(config, part)
  const lifecycle = createLifecycle(log)
  closeWithGrace(
    { delay: config.SHUTDOWN_GRACE_MS + CLOSING_MS, logger: false },
    ({ err, signal }) => {
      if (err !== undefined) log.fatal({ err }, 'crashed')
      else log.info({ signal }, 'shutting down')
      return lifecycle.close()
    },
  )
  try {
    await open({ config, lifecycle, log })
  } catch (err) {
    log.fatal({ err }, 'could not start')
    await lifecycle.close().catch(() => undefined)
    process.exit(1)
  }
}

/** @throws {Error} when no Redis was named: only `start` brings its own. */
export function requireRedisUrl(config: Config): string {
  if (config.REDIS_URL !== undefined) return config.REDIS_URL
  throw new Error('REDIS_URL is not set; `npm start` brings a Redis of its own, the parts need one')
}
