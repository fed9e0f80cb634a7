import type { Logger } from 'pino'

const EVERY_MS = 1_000
/** How many distinct causes are tracked; beyond this the oldest is forgotten. */
const MOST_CAUSES = 100

/** Logs a fault that the process recovers from by itself. */
export type FaultLog = (err: unknown, message: string, fields?: object) => void

/**
 * Logs at most one line per second and cause: while Redis is down, every connection and loop
 * reports it over and over. Each line says how many were suppressed before it.
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

/** The message without the parts that differ between connections or scripts. */
function causeOf(err: unknown): string {
  const text = err instanceof Error ? err.message : String(err)
  return text.replace(/[0-9a-f]{40}|\d+/g, '#')
}
