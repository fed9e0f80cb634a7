import type { TaskResult } from '../ports/models.ts'
import type { TaskStore } from '../ports/task-life.ts'
import { FEW, withinBytes } from '../read/pages.ts'
import { shorten } from '../text/shorten.ts'

/** Number of tasks whose outputs are read at a time. */
export const TASKS_AT_ONCE = 100

/** Bytes of their outputs that are read at once. */
const OUTPUT_BYTES_AT_ONCE = 16_000_000

/** Characters of all texts together that a synthesis looks at; findings come on top. */
const TEXT_BUDGET = 8_000_000

/**
 * The results of tasks. Their texts are cut if the texts of the whole plan exceed the budget.
 *
 * @param planTasks Number of tasks in the whole plan.
 */
export async function readResults(
  deps: { tasks: TaskStore },
  planId: string,
  ids: readonly string[],
  planTasks: number,
): Promise<TaskResult[]> {
  const share = Math.max(2_000, Math.floor(TEXT_BUDGET / Math.max(1, planTasks)))
  const results: TaskResult[] = []
  for (let at = 0; at < ids.length; ) {
    const next = ids.slice(at, at + TASKS_AT_ONCE)
    const sizes = next.length <= FEW ? [] : await deps.tasks.outputSizes(planId, next)
    const [some = []] = withinBytes(next, sizes, OUTPUT_BYTES_AT_ONCE)
    at += some.length
    const [specs, states, outputs] = await Promise.all([
      deps.tasks.specs(planId, some),
      deps.tasks.states(planId, some),
      deps.tasks.outputs(planId, some),
    ])
    some.forEach((taskId, index) => {
      const state = states[index]
      const output = outputs[index]
      const edits = output?.edits
      results.push({
        taskId,
        description: specs[index]?.description ?? taskId,
        status: state?.status ?? 'queued',
        text: shorten(output?.text ?? '', share),
        findings: output?.findings ?? [],
        // When a task succeeds, its findings are extracted and stored with its output.
        ...(state?.status === 'succeeded' ? { isSearched: true } : {}),
        ...(edits === undefined ? {} : { edits }),
        ...(state?.error === undefined ? {} : { error: state.error }),
      })
    })
  }
  return results
}
