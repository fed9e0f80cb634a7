import { shorten } from '../../../core/text/shorten.ts'
import type { JsonObject } from './json.ts'

/** Normalizes the events of one answer to the standard form of its dialect. */
export interface EventReader {
  /** @param name The text after `event:`, or an empty string. */
  read(value: unknown, name: string): JsonObject[]
  /** The stream has ended; `isDone` if it said so. */
  end(isDone: boolean): JsonObject[]
  /** The events for a complete answer that came at once instead of as a stream. */
  whole(value: unknown): JsonObject[]
}

/** The longest answer that is accepted at once, because it is held in memory. */
const LONGEST_WHOLE = 10_000_000

/**
 * Parses server-sent events leniently and writes them again, without comments and anything that is
 * not a JSON object.
 */
export function plainEvents(reader: EventReader): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder()
  const encoder = new TextEncoder()
  let rest = ''
  let data: string[] = []
  let name = ''
  let isDone = false
  /** Known from the first character on: whether it is a single JSON text instead of a stream. */
  let isWhole: boolean | undefined
  let whole = ''

  const write = (
    controller: TransformStreamDefaultController<Uint8Array>,
    events: JsonObject[],
  ) => {
    for (const event of events) {
      controller.enqueue(encoder.encode(`data: ${JSON.stringify(event)}\n\n`))
    }
  }

  function dispatch(): JsonObject[] {
    const text = data.join('\n').trim()
    const event = name
    data = []
    name = ''
    if (text === '[DONE]') isDone = true
    if (text === '' || text === '[DONE]') return []
    const value = parse(text)
    // Passed on, so that the SDK reports that it cannot be read.
    return value === undefined ? [{ unreadable: shorten(text, 200) }] : reader.read(value, event)
  }

  function readLine(line: string): JsonObject[] {
    if (line === '') return dispatch()
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === 'data') data.push(value)
    else if (field === 'event') name = value.trim()
    return []
  }

  return new TransformStream({
    transform(chunk, controller) {
      rest += decoder.decode(chunk, { stream: true })
      isWhole ??= rest.trim() === '' ? undefined : /^\s*[[{]/.test(rest)
      if (isWhole === true) {
        whole += rest
        rest = ''
        if (whole.length > LONGEST_WHOLE) throw new Error('The answer is too long.')
        return
      }
      const lines = rest.split(/\r\n|\n|\r(?!$)/)
      rest = lines.pop() ?? ''
      for (const line of lines) write(controller, readLine(line))
    },
    flush(controller) {
      if (isWhole === true) return write(controller, ofWhole(whole, reader))
      for (const line of [rest.replace(/\r$/, ''), '']) write(controller, readLine(line))
      write(controller, reader.end(isDone))
    },
  })
}

/** A single JSON text, or one per line. */
function ofWhole(text: string, reader: EventReader): JsonObject[] {
  const value = parse(text)
  if (value !== undefined) return reader.whole(value)
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return [...lines.flatMap((line) => reader.read(parse(line), '')), ...reader.end(false)]
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
