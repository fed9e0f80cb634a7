import { Readable } from 'node:stream'
import type { PlanEvent } from '../../core/contract/api.ts'

// Server-sent events as defined by the HTML standard.

/** How long a browser waits before it reconnects. */
const RETRY_MS = 1_000

export interface EventStreamOptions {
  /** Ends the stream; the event iterator must use the same signal. */
  signal: AbortSignal
  /** A comment is sent after this long without an event, so that proxies keep the connection. */
  heartbeatMs: number
}

/**
 * The text of an event stream, from an event iterator and its first result. An event is only read
 * once the previous one has been taken, so a slow reader only holds up its own stream and uses no
 * memory.
 */
export function eventStream(
  events: AsyncIterator<PlanEvent>,
  first: Promise<IteratorResult<PlanEvent>>,
  options: EventStreamOptions,
): Readable {
  // Awaited only after the first frame has been sent; an earlier failure must not crash the
  // process.
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
    // Sent at once, so that the caller gets its headers before the first event.
    yield `retry: ${RETRY_MS}\n\n`
    while (true) {
      const result = await orAfter(next, heartbeatMs)
      if (result === 'late') {
        yield ': still here\n\n'
      } else if (result.done === true) {
        if (signal.aborted) yield ': the service is stopping, resume elsewhere\n\n'
        return
      } else {
        for await (const part of frameOf(result.value)) {
          if (signal.aborted) return
          yield part
        }
        next = events.next()
      }
    }
  } finally {
    next.catch(() => {})
    await events.return?.()
  }
}

/**
 * One `data` line, because JSON contains no line breaks; a large snapshot is written page by page.
 */
async function* frameOf({ id, type, data, tasks }: PlanEvent): AsyncGenerator<string> {
  // Without an id, the client keeps the last one.
  const json = JSON.stringify(data)
  const start = `${id === '' ? '' : `id: ${id}\n`}event: ${type}\ndata: `
  if (tasks === undefined) {
    yield `${start}${json}\n\n`
    return
  }
  yield `${start}${json.slice(0, -1)},"tasks":[`
  let isFirst = true
  for await (const page of tasks) {
    if (page.length === 0) continue
    yield `${isFirst ? '' : ','}${JSON.stringify(page).slice(1, -1)}`
    isFirst = false
  }
  yield ']}\n\n'
}

function orAfter<Value>(promise: Promise<Value>, ms: number): Promise<Value | 'late'> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve('late'), ms)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
