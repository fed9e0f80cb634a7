import { shorten } from '../../../core/text/shorten.ts'
import type { JsonObject } from './json.ts'

/** Puts the events of one answer into the words of its dialect. */
export interface EventReader {
  /** @param name What stands after `event:`; empty where nothing does. */
  read(value: unknown, name: string): JsonObject[]
  /** The stream has ended; `isDone` where it said so. */
  end(isDone: boolean): JsonObject[]
  /** What stands for the whole answer, where it came at once instead of in a stream. */
  whole(value: unknown): JsonObject[]
}

/** An answer that is not streamed is held whole. */
const LONGEST_WHOLE = 10_000_000

/** Server-sent events, read leniently and written again: comments and what is no JSON object are left out. */
export function plainEvents(reader: EventReader): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder()
  const encoder = new TextEncoder()
  let rest = ''
  let data: string[] = []
  let name = ''
  let isDone = false
  /** Set once the first character is there: whether it is one JSON text instead of a stream. */
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
    // Left as it is, for the SDK to say that it cannot be read.
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

/** One JSON text, or one a line. */
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
