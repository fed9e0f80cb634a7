const TAGS = ['think', 'thinking', 'thought', 'reasoning']
const OPENS = new RegExp(`^<(${TAGS.join('|')})>`, 'i')
const CLOSES = new RegExp(`</(?:${TAGS.join('|')})>`, 'i')

/** A model's text, split into its reasoning and its answer. */
export interface Spoken {
  text: string
  /** The text between `<think>` and `</think>`; absent if there was none. */
  reasoning?: string
}

/**
 * Takes out a model's reasoning. A block opens at the start of a line, outside code, and runs to
 * the end of the text if it is never closed. If a text only closes a block, the text began inside
 * it: some servers put the opening tag into the prompt.
 */
export function withoutReasoning(whole: string): Spoken {
  if (!whole.includes('<')) return { text: whole }
  const kept: string[] = []
  const thought: string[] = []
  let tag: string | undefined
  let fence: string | undefined
  let hasOpened = false
  for (const line of whole.split('\n')) {
    let rest = line
    if (tag === undefined && fence === undefined) {
      const opened = OPENS.exec(rest.trimStart())
      if (opened?.[1] !== undefined) {
        tag = opened[1].toLowerCase()
        hasOpened = true
        rest = rest.trimStart().slice(opened[0].length)
      }
    }
    if (tag !== undefined) {
      const end = rest.toLowerCase().indexOf(`</${tag}>`)
      thought.push(end < 0 ? rest : rest.slice(0, end))
      if (end < 0) continue
      rest = rest.slice(end + tag.length + 3)
      tag = undefined
      if (rest.trim() !== '') kept.push(rest.trimStart())
      continue
    }
    const marks = /^(?:`{3,}|~{3,})/.exec(rest.trim())?.[0]
    if (fence === undefined) {
      const closed = hasOpened ? null : CLOSES.exec(rest)
      if (closed !== null && endsThought(rest, closed)) {
        thought.push(...kept.splice(0), rest.slice(0, closed.index))
        hasOpened = true
        rest = rest.slice(closed.index + closed[0].length)
        if (rest.trim() === '') continue
      }
      fence = marks
    } else if (marks?.startsWith(fence) && rest.trim() === marks) fence = undefined
    kept.push(rest)
  }
  if (thought.length === 0) return { text: whole }
  const reasoning = thought.join('\n').trim()
  return { text: kept.join('\n').trim(), ...(reasoning === '' ? {} : { reasoning }) }
}

/** Whether the tag ends the reasoning. A tag that is only mentioned is inside a line or in code. */
function endsThought(line: string, { 0: tag, index }: RegExpExecArray): boolean {
  const before = line.slice(0, index)
  const stands = before.trim() === '' || line.slice(index + tag.length).trim() === ''
  return stands && before.split('`').length % 2 === 1
}
