import type { ChildProcess } from 'node:child_process'
import type { Logger } from 'pino'

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000

/**
 * Keeps one worker process running: restarts it whenever it dies, after pauses that grow until one
 * is up. Resolves once the first is up, with a function that stops it for good.
 *
 * @throws {Error} if the very first dies before it is up: its configuration is probably wrong.
 */
export async function keepWorker(
  launch: () => ChildProcess,
  log: Logger,
): Promise<() => Promise<void>> {
  let worker: ChildProcess
  let stopping = false
  let pauseMs = FIRST_PAUSE_MS
  let restart: NodeJS.Timeout | undefined

  const start = (): Promise<void> =>
    new Promise((up, failed) => {
      let wasUp = false
      worker = launch()
      worker.once('message', () => {
        wasUp = true
        pauseMs = FIRST_PAUSE_MS
        up()
      })
      worker.once('error', (err) => failed(err))
      worker.once('exit', (code, signal) => {
        if (stopping) return
        if (!wasUp) failed(new Error(`the worker could not start (exit ${code ?? signal})`))
        else startLater({ code, signal }, 'worker died, starting it again')
      })
    })

  function startLater(cause: object, message: string): void {
    if (stopping) return
    log.error({ ...cause, pauseMs }, message)
    restart = setTimeout(() => {
      start().catch((err: unknown) => startLater({ err }, 'worker could not start, trying again'))
    }, pauseMs)
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
  }

  await start()
  return async () => {
    stopping = true
    clearTimeout(restart)
    if (worker.exitCode !== null || worker.signalCode !== null) return
    const exited = new Promise((done) => worker.once('exit', done))
    worker.kill('SIGTERM')
    await exited
  }
}
