import type { Logger } from 'pino'
import type { Exporting } from '../../core/ports/exporting.ts'
import { openThreadPool } from '../../threads/thread-pool.ts'
import { semaphore } from '../../workspace/semaphore.ts'
import { EXPORTING_WORK } from '../threads/exporting-work.ts'

/** Up to this size, parsing and writing takes a few milliseconds; more goes to a thread. */
const MOST_BYTES_HERE = 100_000
const THREADS = 2
const LIMIT_MS = 60_000

/** Exports small syntheses at once, and large ones on threads, a few at a time. */
export function openExporting(log: Logger): Exporting & { close(): Promise<void> } {
  const pool = openThreadPool({
    entry: new URL('../threads/exporting-thread.ts', import.meta.url),
    size: THREADS,
    log,
  })
  const inTurn = semaphore(THREADS)
  const { exportSynthesis } = EXPORTING_WORK
  return {
    async synthesis(json, as, title) {
      const pieces = json[Symbol.asyncIterator]()
      const read: Uint8Array[] = []
      let bytes = 0
      const readOn = async (most: number) => {
        while (bytes <= most) {
          const { done, value } = await pieces.next()
          if (done === true) return true
          read.push(value)
          bytes += value.length
        }
        return false
      }
      if (await readOn(MOST_BYTES_HERE)) return exportSynthesis(Buffer.concat(read), as, title)
      return inTurn(async () => {
        await readOn(Number.POSITIVE_INFINITY)
        const whole = Buffer.concat(read.splice(0))
        return (await pool.run('exportSynthesis', [whole, as, title], LIMIT_MS)) as Uint8Array
      })
    },
    close: () => pool.close(),
  }
}
