export type JsonObject = Record<string, unknown>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The objects in a list, or a single object as a list. */
export function objectsIn(value: unknown): JsonObject[] {
  return (Array.isArray(value) ? value : [value]).filter(isObject)
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** An id or a name, even if it is a number. */
export function nameOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Tool arguments as JSON text, even if a server sends them as an object. */
export function argumentsOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? undefined : JSON.stringify(value)
}

/** The numeric members, and recursively those of its objects. */
export function numbersIn(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]): [string, unknown][] => {
      if (typeof member === 'number' && Number.isFinite(member)) return [[key, member]]
      return isObject(member) ? [[key, numbersIn(member)]] : []
    }),
  )
}

/**
 * An error that came instead of an answer, or within one, in whatever form; `undefined` for
 * anything else. All of it becomes the message, which is only matched, never shown.
 */
export function errorIn(value: JsonObject, name: string): JsonObject | undefined {
  const { error, object, type, detail, message } = value
  const isNone = error === undefined || error === null || error === false || error === ''
  const isError =
    !isNone ||
    name === 'error' ||
    object === 'error' ||
    type === 'error' ||
    (isNone &&
      value.choices === undefined &&
      value.type === undefined &&
      (detail !== undefined ||
        (typeof message === 'string' && Number(value.code ?? value.status) >= 400)))
  if (!isError) return undefined
  const { error: _none, ...others } = value
  const cause = isNone ? others : error
  const { type: own, code } = isObject(cause) ? cause : ({} as JsonObject)
  return {
    message: JSON.stringify(isObject(cause) ? cause : { ...others, message: cause }),
    type: textOf(own) ?? 'error',
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
  }
}
