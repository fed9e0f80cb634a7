import { withoutReasoning } from '../../core/findings/reasoning.ts'

/** How many objects and arrays are tried per text: each attempt costs a parse. */
const MAX_STARTS = 50

/**
 * The JSON texts that an answer may contain, the most likely first: the whole answer, its fenced
 * blocks from the last one backwards, then everything from a brace or bracket to its counterpart.
 * Drafts in a model's reasoning do not count.
 */
export function* jsonTexts(text: string): Generator<string> {
  const trimmed = withoutReasoning(text).text.trim()
  yield trimmed
  const blocks = [...trimmed.matchAll(/```[a-z0-9]*[ \t]*\r?\n([\s\S]*?)\r?\n[ \t]*```/gi)]
  for (const [, block = ''] of blocks.toReversed()) yield block.trim()
  let starts = 0
  for (let at = nextStart(trimmed, 0); at !== -1; at = nextStart(trimmed, at + 1)) {
    const end = endOf(trimmed, at)
    if (end !== -1) {
      yield trimmed.slice(at, end)
      // Anything inside it is a part of it.
      at = end - 1
    }
    starts += 1
    if (starts > MAX_STARTS) return
  }
}

function nextStart(text: string, from: number): number {
  const brace = text.indexOf('{', from)
  const bracket = text.indexOf('[', from)
  return brace === -1 || bracket === -1 ? Math.max(brace, bracket) : Math.min(brace, bracket)
}

/** The index after the bracket that closes the one at `start`; -1 if it is never closed. */
function endOf(text: string, start: number): number {
  let depth = 0
  let isInString = false
  for (let at = start; at < text.length; at += 1) {
    const character = text[at]
    if (isInString) {
      if (character === '\\') at += 1
      else if (character === '"') isInString = false
    } else if (character === '"') isInString = true
    else if (character === '{' || character === '[') depth += 1
    else if (character === '}' || character === ']') {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return -1
}
