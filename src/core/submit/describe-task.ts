import type { SubmittedTask } from '../contract/task-spec.ts'
import { shorten } from '../text/shorten.ts'

/** How many characters of a sentence are split into words: a description never needs more. */
const BEGINNING = 400

/**
 * Three to five words for lists, if the caller gave no description: the beginning of the task's
 * first sentence. Shorter texts give fewer words.
 */
export function describeTask(task: Pick<SubmittedTask, 'task' | 'prompt' | 'role'>): string {
  const source = firstLine(task.task ?? task.prompt ?? '') || firstLine(task.role ?? '')
  const words = shorten(source, BEGINNING)
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word))
  while (words.length > 3 && /^(please|kindly|now|then|first)$/i.test(words[0] ?? '')) words.shift()
  const chosen = words.slice(0, 5)
  while (chosen.length > 3 && DANGLING.test(chosen.at(-1) ?? '')) chosen.pop()
  const text = shorten(chosen.join(' ').replace(/(?<![\s.,;:!?–—-])[\s.,;:!?–—-]+$/u, ''), 80, '…')
  return text === '' ? 'Task' : text.charAt(0).toUpperCase() + text.slice(1)
}

/** Words that a short description should not end with. */
export const DANGLING =
  /^(a|an|the|of|and|or|to|in|on|at|for|from|with|by|as|into|that|which|is|are|its|all|every|each)$/i

/** The first sentence of the first line with text, without Markdown. */
export function firstLine(text: string): string {
  for (const line of text.split('\n', 50)) {
    const plain = shorten(line, 1000)
      .replace(/^[\s#>*+-]+|^\s*\d+[.)]\s+/, '')
      .replace(/[`*]+/g, '')
      .trim()
    if (/[\p{L}\p{N}]/u.test(plain)) return plain.split(/[.!?;:](?:\s|$)|[。！？；：]/u)[0] ?? plain
  }
  return ''
}
