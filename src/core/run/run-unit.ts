import type { RunUnitDeps, UnitJob } from './run-deps.ts'
import { runTask } from './run-task.ts'

/**
 * Runs the tasks of one job to their ends: each with its own attempts, timeout, cancel and output,
 * stored as it ends, so that after a crash only unfinished ones run again. `give-back`: some are to
 * be run by another process.
 *
 * @throws What went wrong with one task, once the others have ended.
 */
export async function runUnit(
  deps: RunUnitDeps,
  job: UnitJob,
  lost: AbortSignal,
): Promise<'done' | 'give-back'> {
  const run = (taskId: string) => runTask(deps, job, taskId, lost)
  const results: PromiseSettledResult<'done' | 'give-back'>[] = []
  if (job.width === 1) {
    for (const taskId of job.taskIds) results.push(...(await Promise.allSettled([run(taskId)])))
  } else {
    results.push(...(await Promise.allSettled(job.taskIds.map(run))))
  }
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  const givesBack = (result: (typeof results)[number]) =>
    result.status === 'fulfilled' && result.value === 'give-back'
  return results.some(givesBack) ? 'give-back' : 'done'
}
