import { shorten } from '../../../core/text/shorten.ts'

/** Characters of one tool result. The result tells a model how to ask for more. */
export const MAX_RESULT_CHARS = 40_000
const MAX_LINE_CHARS = 1_000

/** Cuts a line that is too long to be handwritten code. */
export function cutLine(line: string): string {
  if (line.length <= MAX_LINE_CHARS) return line
  return `${shorten(line, MAX_LINE_CHARS)} [cut: ${line.length} characters]`
}

/** As many lines as fit, and their number. */
export function fitLines(lines: readonly string[]): { text: string; count: number } {
  let length = 0
  let count = 0
  for (const line of lines) {
    length += line.length + 1
    if (length > MAX_RESULT_CHARS) break
    count += 1
  }
  return { text: lines.slice(0, count).join('\n'), count }
}
