/**
 * Waits for work that cannot be stopped or that others wait for too. The wait ends when `signal`
 * aborts, but the work continues.
 *
 * @throws The signal's reason, as soon as it aborts.
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // If the work fails after nobody waits for it any more, that must not crash the process.
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
