import { shorten } from '../text/shorten.ts'
import type { DescribedTask } from './similar-tasks.ts'
import { orderOf } from './task-order.ts'

/** A task whose text relies on another task that it does not depend on. */
export interface Leaning {
  taskId: string
  /** Absent if the text does not say which one. */
  on: string | undefined
  /** The words that give it away. */
  words: string
}

const MAX_TEXT = 20_000

const RESULTS =
  '(?:results?|outputs?|findings?|reports?|work|changes|answers?|conclusions?|analysis|summary|plan)'
/** Refers to another task without naming it. */
const VAGUE = [
  /\b(?:previous|preceding|earlier|prior|other|first|last|above|next)\s+(?:tasks?|steps?|subagents?|agents?)\b/i,
  new RegExp(
    `\\b(?:based|building|depend(?:s|ing)?|rel(?:y|ies|ying))\\s+(?:up)?on\\s+(?:the\\s+)?${RESULTS}\\s+(?:of|from|by)\\s+(?:the\\s+)?(?:\\w+[\\s-]){0,4}?(?:tasks?|review|reviewer|analysis|agents?|subagents?|steps?)\\b`,
    'i',
  ),
  new RegExp(`\\b(?:the\\s+)?others?['’]?\\s+${RESULTS}\\b`, 'i'),
  /\b(?:after|once|when)\s+(?:all|every|each)\s+(?:of\s+)?(?:the\s+)?(?:other\s+)?(?:tasks?|reviews?|subagents?|agents?)\b/i,
]
/** As in "the bugs found by review". */
const MADE =
  '(?:found|identified|reported|discovered|listed|collected|extracted|produced|created|generated|written|designed|made|built|returned|proposed|recommended)'
/** What comes before the name of a task that is relied on, directly or with "the results of". */
const BEFORE = new RegExp(
  `(?:\\b(?:after|once|${MADE}\\s+(?:by|in|during)|com(?:e|es|ing)\\s+from|wait\\s+for|following|depends?\\s+on|based\\s+on|builds?\\s+on|using|use|from|read|see)|\\b${RESULTS}\\s+(?:of|from|by))\\s+(?:the\\s+)?(?:${RESULTS}\\s+(?:of|from|by)\\s+(?:the\\s+)?)?(?:tasks?\\s+)?["'\`“]?$`,
  'i',
)
/** What comes after it: "security's findings", "the login task's output". */
const AFTER = new RegExp(
  `^["'\`”]?(?:\\s+(?:task|review))?(?:['’]s)\\s+(?:\\w+\\s+)?${RESULTS}\\b`,
  'i',
)

/**
 * Finds texts such as "based on the results of api-review" in tasks that do not depend on
 * `api-review`.
 */
export function leaningTasks(tasks: readonly DescribedTask[]): Leaning[] {
  const ordered = orderOf(tasks)
  const places = new Map<string, number>()
  for (const [index, { id, description }] of tasks.entries()) {
    places.set(id.toLowerCase(), index)
    if (!places.has(description.toLowerCase())) places.set(description.toLowerCase(), index)
  }
  return tasks.flatMap((task, index): Leaning[] => {
    const parts = [task.task, task.context, task.prompt].filter((part) => part !== undefined)
    const text = shorten(parts.join('\n'), MAX_TEXT)
    const named = namedTask(text, index, places)
    if (named !== undefined) {
      if (ordered(index, named.place)) return []
      return [{ taskId: task.id, on: tasks[named.place]?.id, words: named.words }]
    }
    if ((task.dependsOn ?? []).length > 0 || tasks.length < 2) return []
    const vague = VAGUE.map((pattern) => pattern.exec(text)?.[0]).find(
      (words) => words !== undefined,
    )
    return vague === undefined ? [] : [{ taskId: task.id, on: undefined, words: vague.trim() }]
  })
}

/**
 * The first other task that a text refers to like this. Names of up to five words are looked up.
 */
function namedTask(
  text: string,
  own: number,
  places: ReadonlyMap<string, number>,
): { place: number; words: string } | undefined {
  const words = [...text.matchAll(/[\p{L}\p{N}][\p{L}\p{N}_-]*/gu)]
  for (const [at, word] of words.entries()) {
    for (let length = 1; length <= 5 && at + length <= words.length; length += 1) {
      const last = words[at + length - 1]
      if (last === undefined) break
      const end = last.index + last[0].length
      const name = text.slice(word.index, end)
      const place = places.get(name.toLowerCase())
      if (place === undefined || place === own) continue
      const before = text.slice(Math.max(0, word.index - 80), word.index)
      const after = text.slice(end, end + 60)
      const leans = BEFORE.exec(before)
      const possessive = AFTER.exec(after)
      // Part of a path or of a longer name is not the name of a task.
      if (/[/.]$/.test(before) || /^[/.]\w/.test(after)) continue
      if (leans !== null) return { place, words: `${leans[0]}${name}`.replace(/\s+/g, ' ').trim() }
      if (possessive !== null) return { place, words: `${name}${possessive[0]}` }
      // An id such as `task-1` or `api_review` is not an ordinary word, so it must mean the task.
      if (length === 1 && /[\d_-]/.test(name) && /\btask\s+["'`“]?$/i.test(before))
        return { place, words: name }
    }
  }
  return undefined
}
