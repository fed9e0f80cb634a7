import { createParser } from 'eventsource-parser'

/** One event of a Server-Sent Events stream. */
export interface ServerSentEvent {
  /** `message` if the event has no name. */
  type: string
  data: string
  /** Absent if the event has no id of its own. */
  id: string | undefined
}

/** Parses a text stream according to the HTML standard (Server-sent events, section 9.2.6). */
export async function* eventsOf(
  chunks: AsyncIterable<string>,
): AsyncGenerator<ServerSentEvent, void> {
  const read: ServerSentEvent[] = []
  const parser = createParser({
    onEvent: ({ event = 'message', data, id }) => read.push({ type: event, data, id }),
  })
  for await (const chunk of chunks) {
    parser.feed(chunk)
    yield* read.splice(0)
  }
}
