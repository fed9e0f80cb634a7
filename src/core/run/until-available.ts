import { isUnavailable } from '../contract/errors.ts'
import { pause } from '../timing/pause.ts'

const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 2_000

/**
 * Repeats an operation while the store is down or rejects writes.
 *
 * @throws The signal's reason, if it aborts before the store is back.
 */
export async function untilAvailable<T>(
  operation: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(2 * ms, LONGEST_PAUSE_MS)) {
    try {
      return await operation()
    } catch (error) {
      if (!isUnavailable(error)) throw error
      signal.throwIfAborted()
      await pause(ms, signal)
      signal.throwIfAborted()
    }
  }
}
