import closeWithGrace from 'close-with-grace'
import type { Logger } from 'pino'
import { type Config, loadConfig } from './config.ts'
import { prepareDataDir } from './data-dir.ts'
import { createLifecycle, type Lifecycle } from './lifecycle.ts'
import { createLog } from './log.ts'
import { openTracing, type Tracing } from './open/open-tracing.ts'

/** For connections to close after the tasks' grace period. */
const CLOSING_MS = 15_000

export interface Process {
  config: Config
  lifecycle: Lifecycle
  log: Logger
  tracing: Tracing
}

/**
 * Runs one of the processes: reads the environment, opens everything, and closes it all on SIGTERM,
 * SIGINT or an uncaught error. An invalid environment gives one message and exit status 1.
 */
export async function runProcess(
  part: 'api' | 'worker',
  open: (process: Process) => Promise<void>,
): Promise<void> {
  let config: Config
  let tracing: Tracing
  try {
    config = loadConfig(process.env)
    await prepareDataDir(config.TUTTI_DATA_DIR)
    tracing = await openTracing(config, part)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
    return
  }
  const log = createLog(config, part, tracing.logFields)
  const lifecycle = createLifecycle(log)
  // Opened first, so closed last: spans that end while other things close are sent too.
  lifecycle.onClose('tracing', () => tracing.close())
  closeWithGrace(
    { delay: config.SHUTDOWN_GRACE_MS + CLOSING_MS, logger: false },
    ({ err, signal }) => {
      if (err !== undefined) log.fatal({ err }, 'crashed')
      else log.info({ signal }, 'shutting down')
      return lifecycle.close()
    },
  )
  try {
    await open({ config, lifecycle, log, tracing })
  } catch (err) {
    log.fatal({ err }, 'could not start')
    await lifecycle.close().catch(() => undefined)
    process.exit(1)
  }
}

/** @throws {Error} if no Redis is configured: only `start` brings its own. */
export function requireRedisUrl(config: Config): string {
  if (config.REDIS_URL !== undefined) return config.REDIS_URL
  throw new Error('REDIS_URL is not set; only `npm start` brings its own Redis')
}
