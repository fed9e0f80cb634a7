import { jaccard, stems } from '../text/words.ts'

export interface DescribedTask {
  id: string
  description: string
  role?: string | undefined
  task?: string | undefined
  context?: string | undefined
  prompt?: string | undefined
  focusAreas?: string[] | undefined
  files?: unknown
  options?: unknown
  dependsOn?: readonly string[] | undefined
}

/** Words that mean the same in descriptions of work. */
const SAME = new Map(
  [
    'review check inspect examine analyse analyze audit assess evaluate look find search investigate study',
    'problem issue bug defect flaw weakness vulnerability hole error fault mistake',
    'write create implement add build make develop',
    'fix repair correct resolve solve',
    'test tests testing spec specs',
    'document documentation doc docs readme',
  ].flatMap((group) => {
    const words = group.split(' ')
    return words.flatMap((word) =>
      [...stems(word)].map((stem) => [stem, words[0] ?? word] as const),
    )
  }),
)

/** The share of words that nearly identical tasks have in common. */
const NEARLY_THE_SAME = 0.7
/**
 * If each task has words of its own, these may be what distinguishes them, so more must be shared.
 */
const WITH_OWN_WORDS = 0.8
/** How many tasks a single word leads to. */
const MAX_CANDIDATES = 50
const MAX_TEXT = 2_000

/**
 * Groups of tasks that ask for nearly the same thing on the same files, each of two or more ids in
 * plan order.
 */
export function similarTasks(tasks: readonly DescribedTask[]): string[][] {
  const leaders: { words: ReadonlySet<string>; scope: string; ids: string[] }[] = []
  const exact = new Map<string, (typeof leaders)[number]>()
  const byWord = new Map<string, (typeof leaders)[number][]>()
  for (const task of tasks) {
    const scope = JSON.stringify([task.files ?? null, task.options ?? null])
    const words = wordsOf(task)
    const key = `${scope}|${[...words].sort().join(' ')}`
    const same = exact.get(key) ?? findSimilar(words, scope, task.files !== undefined, byWord)
    if (same !== undefined) {
      same.ids.push(task.id)
      continue
    }
    const leader = { words, scope, ids: [task.id] }
    leaders.push(leader)
    exact.set(key, leader)
    for (const word of words) {
      const list = byWord.get(word)
      if (list === undefined) byWord.set(word, [leader])
      else if (list.length < MAX_CANDIDATES) list.push(leader)
    }
  }
  return leaders.map(({ ids }) => ids).filter((ids) => ids.length > 1)
}

function findSimilar<T extends { words: ReadonlySet<string>; scope: string }>(
  words: ReadonlySet<string>,
  scope: string,
  hasFiles: boolean,
  byWord: ReadonlyMap<string, readonly T[]>,
): T | undefined {
  const candidates = new Set([...words].flatMap((word) => byWord.get(word) ?? []))
  for (const candidate of candidates) {
    if (candidate.scope !== scope) continue
    const share = jaccard(candidate.words, words)
    if (share < NEARLY_THE_SAME) continue
    const contained = [...words].every((word) => candidate.words.has(word))
    const contains = [...candidate.words].every((word) => words.has(word))
    if (contained || contains || (hasFiles && share >= WITH_OWN_WORDS)) return candidate
  }
  return undefined
}

function wordsOf(task: DescribedTask): Set<string> {
  const text = [task.role, task.task ?? task.prompt ?? task.description, ...(task.focusAreas ?? [])]
    .filter((part) => part !== undefined)
    .join('\n')
  return new Set([...stems(text, MAX_TEXT)].map((stem) => SAME.get(stem) ?? stem))
}
