/** One event of a Server-Sent Events stream. */
export interface ServerSentEvent {
  /** `message` where the event has no name. */
  type: string
  data: string
  /** Absent where this event has no id of its own. */
  id: string | undefined
}

/**
 * Reads a stream of lines as the HTML standard says (Server-sent events, section 9.2.6): comments are
 * skipped, data lines joined, an event cut off by the end of the stream dropped.
 */
export async function* eventsOf(
  lines: AsyncIterable<string>,
): AsyncGenerator<ServerSentEvent, void> {
  let type = ''
  let id: string | undefined
  let data: string[] = []
  for await (const line of lines) {
    if (line === '') {
      if (data.length > 0) yield { type: type === '' ? 'message' : type, data: data.join('\n'), id }
      type = ''
      id = undefined
      data = []
      continue
    }
    const colon = line.indexOf(':')
    if (colon === 0) continue
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') type = value
    else if (field === 'data') data.push(value)
    else if (field === 'id' && !value.includes('\0')) id = value
  }
}
