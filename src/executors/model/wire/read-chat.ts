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

/** Finish reasons with which servers say that tools are being called. */
const CALLS_TOOLS = new Set(['tool_calls', 'tool_use', 'function_call', 'tool-calls'])

/** Reads chunks of OpenAI's chat completions in the variants that servers send. */
export function chatReader(): EventReader {
  let hasText = false
  let hasCalls = false
  let hasFinished = false
  let hasUsage = false
  const indexOf = toolIndexes()

  function read(value: unknown, name: string): JsonObject[] {
    // Google's servers wrap an error in a list.
    const chunk = Array.isArray(value) && value.length === 1 ? value[0] : value
    if (!isObject(chunk)) return []
    const error = errorIn(chunk, name)
    if (error !== undefined) return [{ error }]
    const choice = objectsIn(chunk.choices)[0]
    const usage = isObject(chunk.usage) ? numbersIn(chunk.usage) : undefined
    // Another kind of event, such as a ping.
    if (choice === undefined && usage === undefined) return []
    if (usage !== undefined) hasUsage = true
    return [
      { ...headOf(chunk), ...(usage === undefined ? {} : { usage }), choices: choicesOf(choice) },
    ]
  }

  function choicesOf(choice: JsonObject | undefined): JsonObject[] {
    if (choice === undefined) return []
    const said = isObject(choice.delta) ? choice.delta : choice.message
    const delta = isObject(said) ? deltaOf(said) : {}
    const finish = finishOf(choice.finish_reason)
    if (finish !== null) hasFinished = true
    return [{ index: 0, delta, finish_reason: finish }]
  }

  function deltaOf(said: JsonObject): JsonObject {
    const { content, thought } = contentOf(said.content)
    const reasoning = textOf(said.reasoning_content) ?? textOf(said.reasoning) ?? thought
    const refusal = textOf(said.refusal)
    const listed = said.tool_calls === undefined ? [] : objectsIn(said.tool_calls)
    const older = isObject(said.function_call) ? [{ function: said.function_call }] : []
    const calls = [...listed, ...older].flatMap((call) => toolCallOf(call))
    if (content !== undefined && content !== '') hasText = true
    if (calls.length > 0) hasCalls = true
    return {
      ...(content === undefined ? {} : { content }),
      ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
      ...(refusal === undefined ? {} : { refusal }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    }
  }

  function toolCallOf(call: JsonObject): JsonObject[] {
    // Some omit the function and put everything into the call.
    const { name, arguments: input } = isObject(call.function) ? call.function : call
    const said = { id: nameOf(call.id), name: nameOf(name), arguments: argumentsOf(input) }
    if (said.id === undefined && said.name === undefined && said.arguments === undefined) return []
    const { index, isNew } = indexOf(call.index, said.id, said.name)
    return [
      {
        index,
        type: 'function',
        ...(said.id === undefined && !isNew ? {} : { id: said.id ?? `call_${index}` }),
        function: {
          ...(said.name === undefined ? {} : { name: said.name }),
          ...(said.arguments === undefined ? {} : { arguments: said.arguments }),
        },
        ...(isObject(call.extra_content) ? { extra_content: call.extra_content } : {}),
      },
    ]
  }

  function finishOf(reason: unknown): string | null {
    const word = nameOf(reason)
    if (word === undefined) return null
    // It claims to have called tools but called none, so it has answered.
    return CALLS_TOOLS.has(word) && !hasCalls ? 'stop' : word
  }

  return {
    read,
    end(isDone) {
      // Complete, because it said so or because it reported its usage, but without a finish reason.
      if (hasFinished || !(hasText || hasCalls) || !(isDone || hasUsage)) return []
      return [finishWith(hasCalls ? 'tool_calls' : 'stop')]
    },
    whole(value) {
      const events = read(value, '')
      const hasAnswer = events.some((event) => event.error === undefined) && (hasText || hasCalls)
      return hasAnswer && !hasFinished
        ? [...events, finishWith(hasCalls ? 'tool_calls' : 'stop')]
        : events
    },
  }
}

function finishWith(reason: string): JsonObject {
  return { choices: [{ index: 0, delta: {}, finish_reason: reason }] }
}

function headOf({ id, created, model }: JsonObject): JsonObject {
  return {
    ...(typeof id === 'string' ? { id } : {}),
    ...(typeof created === 'number' ? { created } : {}),
    ...(typeof model === 'string' ? { model } : {}),
  }
}

/** The text, even if it comes as a list of parts, and the reasoning. */
function contentOf(content: unknown): { content?: string; thought?: string } {
  if (typeof content === 'string') return { content }
  if (typeof content === 'number') return { content: String(content) }
  if (!Array.isArray(content) && !isObject(content)) return {}
  const parts = objectsIn(content)
  const thoughts = parts.flatMap(({ thinking, reasoning }) =>
    objectsIn(thinking)
      .map(({ text }) => textOf(text) ?? '')
      .concat(textOf(thinking) ?? textOf(reasoning) ?? ''),
  )
  const text = parts.map((part) => textOf(part.text) ?? '').join('')
  const thought = thoughts.join('')
  return { content: text, ...(thought === '' ? {} : { thought }) }
}

/**
 * Numbers tool calls. Some servers omit the index or give all calls the same one; then a new id
 * together with a name starts another call.
 */
function toolIndexes() {
  let count = 0
  const open = new Map<unknown, { index: number; id: string | undefined }>()
  return (given: unknown, id: string | undefined, name: string | undefined) => {
    const known = open.get(given ?? null)
    const isOther = id !== undefined && known?.id !== undefined && id !== known.id
    const isNamedAgain = given === undefined && id === undefined && name !== undefined
    if (known !== undefined && !(name !== undefined && isOther) && !isNamedAgain) {
      known.id ??= id
      return { index: known.index, isNew: false }
    }
    const index = count
    count += 1
    open.set(given ?? null, { index, id })
    return { index, isNew: true }
  }
}
