const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 2_000
/** Anything not up by then is closed and created again. */
const PATIENCE_MS = 5_000

/** What BullMQ opens: a queue, a producer or a worker. */
interface Openable {
  waitUntilReady(): Promise<unknown>
  close(force?: boolean): Promise<void>
}

/**
 * Opens one of BullMQ's objects. They remember the failure of their first connection for good,
 * whatever happens to it later, so a failed one is created again until one is ready, or `isOver`.
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
