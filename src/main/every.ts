import type { FaultLog } from './fault-log.ts'

/**
 * Runs a step repeatedly, never concurrently with itself. Failures are logged, and the next run
 * follows.
 */
export function every(ms: number, step: () => Promise<void>, faults: FaultLog): () => void {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  const run = async () => {
    try {
      await step()
    } catch (err) {
      faults(err, 'upkeep failed')
    }
    if (!stopped) timer = setTimeout(() => void run(), ms)
  }
  timer = setTimeout(() => void run(), ms)
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
