import { withoutReasoning } from '../../core/findings/reasoning.ts'

/** How models write a tool call as text if the server does not recognise it. */
const CALLS =
  /^\s*(?:<tool_calls?>|<function_calls?>|<\|tool_calls?(?:_begin|_section_begin)?\|>|<｜tool▁calls?▁begin｜>|\[TOOL_CALLS\]|<\|python_tag\|>|<function=\w|<invoke name=|<minimax:tool_call>|<\|channel\|>commentary to=)/

/**
 * Whether an answer is a tool call written as text, or ends in one. Calls in code blocks are only
 * examples.
 */
export function isSpokenCall(answer: string): boolean {
  const { text } = withoutReasoning(answer)
  let isCode = false
  return text.split('\n').some((line) => {
    if (/^\s*(?:`{3,}|~{3,})/.test(line)) isCode = !isCode
    return !isCode && CALLS.test(line)
  })
}
