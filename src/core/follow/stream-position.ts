import type { StoredEvent, TextPiece } from '../ports/event-log.ts'

/**
 * Where a reader of a plan's events is: the newest event it has, and the newest text if it reads
 * texts. Sent in `Last-Event-ID` as `<event>` or `<event>.<text>`.
 */
export interface Position {
  event: string
  text: string | undefined
}

// Fewer digits than a 64-bit number can have: the store rejects larger ones.
const POSITION = /^(?<event>\d{1,18}-\d{1,18})(?:\.(?<text>\d{1,18}-\d{1,18}))?$/

export function positionOf(lastEventId: string | undefined): Position | undefined {
  const { event, text } = POSITION.exec(lastEventId ?? '')?.groups ?? {}
  return event === undefined ? undefined : { event, text }
}

export function eventIdAt({ event, text }: Position): string {
  return text === undefined ? event : `${event}.${text}`
}

/**
 * Merges events and texts in the order of their ids, which are times on one clock. If `count` of
 * either were read, there may be more, so anything newer than those is left for the next read.
 */
export function inOrder(
  read: { events: StoredEvent[]; texts: TextPiece[] },
  count: number,
): ({ event: StoredEvent } | { text: TextPiece })[] {
  const { events, texts } = read
  const lastEvent = events.length < count ? undefined : events.at(-1)?.id
  const lastText = texts.length < count ? undefined : texts.at(-1)?.id
  const isKnown = ({ id }: { id: string }) =>
    (lastEvent === undefined || compareIds(id, lastEvent) <= 0) &&
    (lastText === undefined || compareIds(id, lastText) <= 0)
  const items: ({ event: StoredEvent } | { text: TextPiece })[] = []
  const waiting = texts.filter(isKnown)
  for (const event of events.filter(isKnown)) {
    while (waiting[0] !== undefined && isBefore(waiting[0], event)) {
      items.push(...waiting.splice(0, 1).map((text) => ({ text })))
    }
    items.push({ event })
  }
  return [...items, ...waiting.map((text) => ({ text }))]
}

/** Within one millisecond, a task starts before it writes and ends after it. */
function isBefore(text: TextPiece, { id, type }: StoredEvent): boolean {
  const isEnd = type === 'task.finished' || type === 'plan.finished'
  return msOf(text.id) < msOf(id) || (isEnd && msOf(text.id) === msOf(id))
}

export function compareIds(a: string, b: string): number {
  return msOf(a) - msOf(b) || Number(a.split('-')[1]) - Number(b.split('-')[1])
}

function msOf(id: string): number {
  return Number(id.split('-')[0])
}
