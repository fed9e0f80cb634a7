import { createParser } from 'eventsource-parser'
import { isFinished } from '../../../src/client/status.ts'
import type { PlanStatus } from '../api/types.ts'
import type { StreamEvent } from './plan-model.ts'

/**
 * `live`: connected. `waiting`: the connection was lost and will be retried. `ended`: nothing more
 * will come.
 */
export type StreamState = 'connecting' | 'live' | 'waiting' | 'ended'

export interface FollowOptions {
  url: string
  /** Called before each connection, because an API key may have been entered in the meantime. */
  headers: () => Record<string, string>
  /** Skips the snapshot and continues after this event. */
  lastEventId?: string | undefined
  signal: AbortSignal
  onEvents: (events: StreamEvent[]) => void
  onState: (state: StreamState) => void
  /** The server's time, for events without one. */
  now?: () => number
  fetch?: typeof fetch
  /** First pause before reconnecting; doubles up to `maxRetryMs`. */
  retryMs?: number
  maxRetryMs?: number
  /**
   * A connection on which nothing arrives for this long, not even a heartbeat, is considered lost.
   */
  idleMs?: number
  /** Calls back when an early retry is worthwhile. Returns a function that unsubscribes. */
  onWake?: (listener: () => void) => () => void
}

/** An answer that retrying would not change: the plan is gone, or the key is not valid. */
export class StreamRefused extends Error {
  override readonly name = 'StreamRefused'
  readonly status: number
  constructor(status: number) {
    super(`The event stream was refused with ${status}.`)
    this.status = status
  }
}

/**
 * Follows a plan's events until it has finished or `signal` aborts. Uses `fetch` rather than
 * EventSource, which cannot send an `Authorization` header. Resumes with `Last-Event-ID`.
 *
 * @throws {StreamRefused} on 401, 403, 404 and 410.
 */
export async function followEvents(options: FollowOptions): Promise<void> {
  const request = options.fetch ?? fetch
  const position = { lastEventId: options.lastEventId, finished: false }
  let pauseMs = options.retryMs ?? 500
  options.onState('connecting')
  while (!options.signal.aborted) {
    try {
      const response = await request(options.url, {
        headers: {
          accept: 'text/event-stream',
          ...options.headers(),
          ...(position.lastEventId === undefined ? {} : { 'last-event-id': position.lastEventId }),
        },
        cache: 'no-store',
        signal: options.signal,
      })
      if ([401, 403, 404, 410].includes(response.status)) throw new StreamRefused(response.status)
      // Resumed after the last event: nothing more will come.
      if (response.status === 204) position.finished = true
      else if (response.ok && response.body !== null) {
        options.onState('live')
        pauseMs = options.retryMs ?? 500
        await readEvents(response.body, position, options)
      }
    } catch (error) {
      if (error instanceof StreamRefused) throw error
      // A lost connection or an aborted signal: the loop decides.
    }
    if (options.signal.aborted) return
    if (position.finished) {
      options.onState('ended')
      return
    }
    options.onState('waiting')
    await pause(pauseMs, options)
    pauseMs = Math.min(pauseMs * 2, options.maxRetryMs ?? 10_000)
  }
}

async function readEvents(
  body: ReadableStream<Uint8Array>,
  position: { lastEventId: string | undefined; finished: boolean },
  options: FollowOptions,
): Promise<void> {
  let batch: StreamEvent[] = []
  const parser = createParser({
    onEvent(message) {
      if (message.id !== undefined && message.id !== '') position.lastEventId = message.id
      const event = toEvent(message, (options.now ?? Date.now)())
      if (event === undefined) return
      position.finished = endsStream(event, position.finished)
      batch.push(event)
    },
  })
  const decoder = new TextDecoder()
  const reader = body.getReader()
  // The service was away, so this connection may be dead.
  const forget = options.onWake?.(() => void reader.cancel().catch(() => undefined))
  try {
    while (true) {
      const { done, value } = await readInTime(reader, options.idleMs ?? 45_000)
      if (done) return
      parser.feed(decoder.decode(value, { stream: true }))
      if (batch.length === 0) continue
      options.onEvents(batch)
      batch = []
    }
  } finally {
    forget?.()
  }
}

async function readInTime(reader: ReadableStreamDefaultReader<Uint8Array>, idleMs: number) {
  let timer: ReturnType<typeof setTimeout> | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('nothing arrives any more')), idleMs)
  })
  try {
    return await Promise.race([reader.read(), silence])
  } catch (error) {
    // Also closes the connection; errors from that do not matter.
    void reader.cancel().catch(() => undefined)
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function toEvent(
  message: { id?: string | undefined; event?: string | undefined; data: string },
  receivedAt: number,
): StreamEvent | undefined {
  try {
    const data: unknown = JSON.parse(message.data)
    if (typeof data !== 'object' || data === null) return undefined
    return {
      id: message.id ?? '',
      type: message.event ?? 'message',
      data: data as Record<string, unknown>,
      receivedAt,
    }
  } catch {
    return undefined
  }
}

/** Whether the stream ends if the connection closes after this event. */
function endsStream(event: StreamEvent, before: boolean): boolean {
  if (event.type === 'plan.finished') return true
  if (event.type === 'plan.reopened') return false
  if (event.type !== 'snapshot') return before
  const plan = event.data['plan'] as { status: PlanStatus } | undefined
  return plan !== undefined && isFinished(plan.status)
}

function pause(
  ms: number,
  { signal, onWake }: Pick<FollowOptions, 'signal' | 'onWake'>,
): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    const forget = onWake?.(done)
    function done() {
      clearTimeout(timer)
      forget?.()
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
  })
}
