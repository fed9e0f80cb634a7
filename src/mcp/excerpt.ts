/** The default limit of an answer, in characters of JSON: the assistant pays for it. */
export const MOST_CHARS = 3_600

/** Part of something long, and how to get the rest. */
export interface Excerpt<T> {
  shown: T
  /** Absent if nothing is left out. */
  more?: string
}

/** Characters from `offset`. Never splits a surrogate pair, so that pieces can be joined again. */
export function textFrom(text: string, offset: number, most: number): Excerpt<string> {
  const end = offset + most
  const isWithinPair = end < text.length && /[\uD800-\uDBFF]/.test(text.charAt(end - 1))
  const shown = text.slice(offset, isWithinPair ? end - 1 : end)
  const next = offset + shown.length
  if (next >= text.length) return { shown }
  return {
    shown,
    more: `characters ${offset} to ${next} of ${text.length} are shown; call again with offset ${next} for the rest, or a larger maxChars`,
  }
}

/** Items from `offset`, as many as fit into `most` characters of JSON; at least one. */
export function itemsFrom<T>(items: readonly T[], offset: number, most: number): Excerpt<T[]> {
  const shown = fitting(items.slice(offset), most)
  const next = offset + shown.length
  if (next >= items.length) return { shown }
  return {
    shown,
    more: `items ${offset} to ${next} of ${items.length} are shown; call again with offset ${next} for the rest, or a larger maxChars`,
  }
}

/** The first items, as many as fit into `most` characters of JSON; at least one. */
export function fitting<T>(items: readonly T[], most: number): T[] {
  let left = most
  const end = items.findIndex((item, index) => {
    left -= JSON.stringify(item).length + 1
    return left < 0 && index > 0
  })
  return items.slice(0, end === -1 ? items.length : end)
}

/** Shortens a text whose rest does not matter. */
export function brief(text: string | undefined, most: number): string | undefined {
  if (text === undefined || text.length <= most) return text
  return `${textFrom(text, 0, most - 1).shown}…`
}
