import { withoutReasoning } from '../../core/findings/reasoning.ts'

/** Objects and arrays that are looked for in one text: each start costs a parse. */
const MAX_STARTS = 50

/**
 * The JSON texts that an answer may mean, the most likely first: all of it, its fenced blocks from
 * the last one on, then whatever begins with a brace or bracket and ends with its counterpart. Drafts
 * that a model thought aloud are none.
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
      // What lies within it was meant as a part of it.
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

/** Behind the bracket that closes the one at `start`; -1 where it stays open. */
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
