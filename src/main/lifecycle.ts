import type { Logger } from 'pino'

/** Closes what was opened in reverse order, once, even if parts fail to close. */
export interface Lifecycle {
  onClose(name: string, close: () => Promise<unknown> | unknown): void
  /** Closes everything; rejects with the first error after everything else has been closed. */
  close(): Promise<void>
}

export function createLifecycle(log: Logger): Lifecycle {
  const closers: { name: string; close: () => Promise<unknown> | unknown }[] = []
  let closing: Promise<void> | undefined

  async function closeAll(): Promise<void> {
    let first: unknown
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) {
      try {
        await closer.close()
        log.debug({ part: closer.name }, 'closed')
      } catch (err) {
        log.error({ err, part: closer.name }, 'closing failed')
        first ??= err
      }
    }
    if (first !== undefined) throw first
  }

  return {
    onClose(name, close) {
      closers.push({ name, close })
    },
    close() {
      closing ??= closeAll()
      return closing
    },
  }
}
