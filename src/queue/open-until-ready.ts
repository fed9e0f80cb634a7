const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 2_000
/** What has not come up by then is given up and made anew. */
const PATIENCE_MS = 5_000

/** What BullMQ opens: a queue, a producer, a worker. */
interface Openable {
  waitUntilReady(): Promise<unknown>
  close(force?: boolean): Promise<void>
}

/**
 * Opens one of BullMQ's objects. It keeps the failure of its first connection for good, whatever becomes
 * of that connection later; so one that failed is made anew until one is ready, or `isOver`.
 */
export async function openUntilReady<T extends Openable>(
  make: () => T,
  options: { onError: (error: Error) => void; isOver?: () => boolean },
): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const opened = make()
    try {
      await within(PATIENCE_MS, opened.waitUntilReady())
      return opened
    } catch (error) {
      if (options.isOver?.() === true) return opened
      options.onError(error instanceof Error ? error : new Error(String(error)))
      void opened.close(true).catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}

async function within(ms: number, ready: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the connection did not come up in time')), ms)
  })
  try {
    await Promise.race([ready, late])
  } finally {
    clearTimeout(timer)
  }
}
