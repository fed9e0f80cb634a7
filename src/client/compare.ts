import type { SynthesisFinding, TaskSummary } from './schema.ts'

/** Two runs of the same work, side by side. */
export interface FindingChanges {
  /** Only in the second run. */
  new: SynthesisFinding[]
  /** In both runs: as the first and as the second one reported it. */
  still: { before: SynthesisFinding; after: SynthesisFinding }[]
  /** Only in the first run. */
  gone: SynthesisFinding[]
}

/** Findings move when lines are added above them. */
const NEAR_LINES = 5

/**
 * Compares the findings of two runs. Two are the same if they have the same file and title, or the same
 * file and severity within a few lines. Ids cannot be compared, because every synthesis numbers its own.
 */
export function compareFindings(
  before: readonly SynthesisFinding[],
  after: readonly SynthesisFinding[],
): FindingChanges {
  const left = new Set(before)
  const still = new Map<SynthesisFinding, SynthesisFinding>()
  for (const isSame of [hasSameTitle, isNear]) {
    for (const finding of after) {
      if (still.has(finding)) continue
      const known = before.find((other) => left.has(other) && isSame(other, finding))
      if (known === undefined) continue
      left.delete(known)
      still.set(finding, known)
    }
  }
  return {
    new: after.filter((finding) => !still.has(finding)),
    still: [...still].map(([finding, known]) => ({ before: known, after: finding })),
    gone: [...left],
  }
}

function hasSameTitle(a: SynthesisFinding, b: SynthesisFinding): boolean {
  return a.file === b.file && plain(a.title) === plain(b.title)
}

function isNear(a: SynthesisFinding, b: SynthesisFinding): boolean {
  if (a.file === undefined || a.file !== b.file || a.severity !== b.severity) return false
  if (a.line === undefined || b.line === undefined) return false
  return Math.abs(a.line - b.line) <= NEAR_LINES
}

/** Without case, punctuation and numbers. */
function plain(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{Letter}]+/gu, ' ')
    .trim()
}

/** One task in both runs; absent if a run has none with this id. */
export interface TaskChange {
  taskId: string
  before: TaskSummary | undefined
  after: TaskSummary | undefined
}

/** The tasks of both runs by id, in the order of the second run, then those that only the first had. */
export function compareTasks(
  before: readonly TaskSummary[],
  after: readonly TaskSummary[],
): TaskChange[] {
  const known = new Map(before.map((task) => [task.id, task]))
  const changes: TaskChange[] = after.map((task) => ({
    taskId: task.id,
    before: known.get(task.id),
    after: task,
  }))
  const ids = new Set(after.map(({ id }) => id))
  for (const task of before) {
    if (!ids.has(task.id)) changes.push({ taskId: task.id, before: task, after: undefined })
  }
  return changes
}

/** From its first start to its end, in ms; `undefined` for a task that did not run or has not ended. */
export function tookMs({ timings: { startedAt, finishedAt } }: TaskSummary): number | undefined {
  if (startedAt === null || finishedAt === null) return undefined
  return Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt))
}
