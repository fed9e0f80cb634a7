import { Readable } from 'node:stream'
import type { PlanEvent } from '../../core/contract/api.ts'

// Server-sent events, as the HTML standard defines them.

/** How long a browser waits before it connects again. */
const RETRY_MS = 1_000

export interface EventStreamOptions {
  /** Ends the stream; the iterator of events is bound to the same signal. */
  signal: AbortSignal
  /** A comment goes out after so long without an event, so that proxies keep the connection. */
  heartbeatMs: number
}

/**
 * The text of an event stream, from an iterator of events and what it gives first. Reads an event
 * only once the one before it was taken, so a slow reader holds back its own stream and grows no
 * memory.
 */
export function eventStream(
  events: AsyncIterator<PlanEvent>,
  first: Promise<IteratorResult<PlanEvent>>,
  options: EventStreamOptions,
): Readable {
  // Looked at only once the first frame is out; a failure until then is no crash.
  first.catch(() => {})
  const text = frames(events, first, options)
  return Readable.from(text, { objectMode: false, highWaterMark: 16 * 1024 })
}

async function* frames(
  events: AsyncIterator<PlanEvent>,
  first: Promise<IteratorResult<PlanEvent>>,
  { signal, heartbeatMs }: EventStreamOptions,
): AsyncGenerator<string> {
  let next = first
  try {
    // Sent at once, so that the caller has its headers before the first event.
    yield `retry: ${RETRY_MS}\n\n`
    while (true) {
      const result = await orAfter(next, heartbeatMs)
      if (result === 'late') {
        yield ': still here\n\n'
      } else if (result.done === true) {
        if (signal.aborted) yield ': the service is stopping, resume elsewhere\n\n'
        return
      } else {
        yield frameOf(result.value)
        next = events.next()
      }
    }
  } finally {
    next.catch(() => {})
    await events.return?.()
  }
}

function frameOf({ id, type, data }: PlanEvent): string {
  // JSON holds no line break, so one `data` line is enough. Without an id, the last one stays.
  return `${id === '' ? '' : `id: ${id}\n`}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`
}

function orAfter<Value>(promise: Promise<Value>, ms: number): Promise<Value | 'late'> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve('late'), ms)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
