import {
  argumentsOf,
  errorIn,
  isObject,
  type JsonObject,
  nameOf,
  numbersIn,
  objectsIn,
  textOf,
} from './json.ts'
import type { EventReader } from './plain-events.ts'

/** The blocks of an answer. Tools that a provider runs itself are never requested. */
const BLOCKS = new Set(['text', 'thinking', 'redacted_thinking', 'tool_use'])
const DELTAS = new Set(['text_delta', 'thinking_delta', 'signature_delta', 'input_json_delta'])

/** Reads events of Anthropic's messages, ignoring what newer versions of the API add. */
export function messagesReader(): EventReader {
  const open = new Set<unknown>()
  let hasBegun = false
  let hasCalls = false
  let hasFinished = false

  function read(value: unknown, name: string): JsonObject[] {
    if (!isObject(value)) return []
    const error = errorIn(value, name)
    if (error !== undefined) return [{ type: 'error', error }]
    switch (value.type) {
      case 'message_start':
        hasBegun = true
        return [{ type: 'message_start', message: messageOf(value.message) }]
      case 'content_block_start':
        return blockOf(value)
      case 'content_block_delta':
        return open.has(value.index) ? deltaOf(value) : []
      case 'content_block_stop':
        return open.delete(value.index) ? [{ type: 'content_block_stop', index: value.index }] : []
      case 'message_delta':
        return [endOf(value)]
      case 'message_stop':
        return [
          ...(hasFinished || !hasBegun ? [] : [endOf({ delta: { stop_reason: 'end_turn' } })]),
          value,
        ]
      default:
        return []
    }
  }

  function blockOf({ index, content_block: block }: JsonObject): JsonObject[] {
    if (!isObject(block) || !BLOCKS.has(String(block.type))) return []
    open.add(index)
    const start = (content: JsonObject): JsonObject => ({
      type: 'content_block_start',
      index,
      content_block: content,
    })
    switch (block.type) {
      case 'text':
        return [start({ type: 'text', text: '' }), ...ofText(index, 'text', block.text)]
      case 'thinking':
        return [
          start({ type: 'thinking', thinking: '' }),
          ...ofText(index, 'thinking', block.thinking),
        ]
      case 'tool_use': {
        hasCalls = true
        const { input } = block
        const isEmpty = isObject(input) && Object.keys(input).length === 0
        const { id, name } = block
        return [
          start({
            type: 'tool_use',
            id: nameOf(id) ?? `call_${String(index)}`,
            name: textOf(name) ?? '',
            input: {},
          }),
          ...(isEmpty ? [] : ofInput(index, input)),
        ]
      }
      default:
        return [start(block)]
    }
  }

  function deltaOf({ index, delta }: JsonObject): JsonObject[] {
    if (!isObject(delta) || !DELTAS.has(String(delta.type))) return []
    if (delta.type === 'input_json_delta') return ofInput(index, delta.partial_json)
    return [{ type: 'content_block_delta', index, delta }]
  }

  function endOf({ delta, usage, ...more }: JsonObject): JsonObject {
    const said = isObject(delta) ? delta : {}
    const reason = nameOf(said.stop_reason)
    if (reason !== undefined) hasFinished = true
    const isCall = reason === 'tool_use' || (reason === 'end_turn' && hasCalls)
    const stop = isCall ? (hasCalls ? 'tool_use' : 'end_turn') : reason
    return {
      ...more,
      type: 'message_delta',
      delta: { ...said, stop_reason: stop ?? null },
      usage: { output_tokens: 0, ...(isObject(usage) ? numbersIn(usage) : {}) },
    }
  }

  return {
    read,
    end: () => [],
    whole(value) {
      if (!isObject(value) || !Array.isArray(value.content)) return read(value, '')
      const { content, ...message } = value
      const blocks = objectsIn(content).flatMap((block, index) => [
        ...read({ type: 'content_block_start', index, content_block: block }, ''),
        ...read({ type: 'content_block_stop', index }, ''),
      ])
      const { stop_reason, stop_sequence, usage } = message
      return [
        ...read({ type: 'message_start', message }, ''),
        ...blocks,
        ...read(
          {
            type: 'message_delta',
            delta: { stop_reason: stop_reason ?? 'end_turn', stop_sequence },
            usage,
          },
          '',
        ),
        ...read({ type: 'message_stop' }, ''),
      ]
    },
  }
}

function messageOf(message: unknown): JsonObject {
  const { id, model, usage } = isObject(message) ? message : ({} as JsonObject)
  return {
    ...(typeof id === 'string' ? { id } : {}),
    ...(typeof model === 'string' ? { model } : {}),
    usage: { input_tokens: 0, ...(isObject(usage) ? numbersIn(usage) : {}) },
  }
}

function ofText(index: unknown, kind: 'text' | 'thinking', text: unknown): JsonObject[] {
  if (typeof text !== 'string' || text === '') return []
  return [{ type: 'content_block_delta', index, delta: { type: `${kind}_delta`, [kind]: text } }]
}

function ofInput(index: unknown, input: unknown): JsonObject[] {
  const json = argumentsOf(input)
  if (json === undefined) return []
  return [
    { type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json: json } },
  ]
}
