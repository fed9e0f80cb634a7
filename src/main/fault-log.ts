import type { Logger } from 'pino'

const EVERY_MS = 1_000
/** How many distinct causes are tracked; beyond these the oldest is forgotten. */
const MOST_CAUSES = 100

/** Logs a fault that the process recovers from by itself. */
export type FaultLog = (err: unknown, message: string, fields?: object) => void

/**
 * At most one line a second for one cause: while Redis is away, every connection and every loop says so
 * again and again. Each line says how many were left out before it.
 */
export function faultLog(log: Logger, now: () => number = () => performance.now()): FaultLog {
  const causes = new Map<string, { next: number; unsaid: number }>()
  return (err, message, fields = {}) => {
    const cause = `${message}\n${causeOf(err)}`
    const known = causes.get(cause)
    if (known !== undefined && now() < known.next) {
      known.unsaid += 1
      return
    }
    const unsaid = known?.unsaid ?? 0
    log.warn({ err, ...fields, ...(unsaid === 0 ? {} : { unsaid }) }, message)
    causes.delete(cause)
    causes.set(cause, { next: now() + EVERY_MS, unsaid: 0 })
    const [oldest] = causes.keys()
    if (causes.size > MOST_CAUSES && oldest !== undefined) causes.delete(oldest)
  }
}

/** The message without what differs from one connection or script to the next. */
function causeOf(err: unknown): string {
  const text = err instanceof Error ? err.message : String(err)
  return text.replace(/[0-9a-f]{40}|\d+/g, '#')
}
