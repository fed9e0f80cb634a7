/**
 * Waits for work that cannot be stopped, or that others wait for too: the wait ends when `signal`
 * aborts, the work goes on.
 *
 * @throws The signal's reason, as soon as it aborts.
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // Work that nobody waits for any more must not end the process when it fails.
  work.catch(() => {})
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
