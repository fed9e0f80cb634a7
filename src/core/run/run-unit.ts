import { runBundle } from './run-bundle.ts'
import type { RunUnitDeps, UnitJob } from './run-deps.ts'
import { runTask } from './run-task.ts'

/**
 * Runs the tasks of one job to their ends: each with its own attempts, timeout, cancel and output,
 * stored as it ends, so that after a crash only unfinished ones run again. `give-back`: some are to
 * be run by another process. `delivery`: how often the job was handed to a worker.
 *
 * @throws The error of one task, once the others have ended.
 */
export async function runUnit(
  deps: RunUnitDeps,
  job: UnitJob,
  lost: AbortSignal,
  delivery: number,
): Promise<'done' | 'give-back'> {
  if (job.bundle > 0) return runBundle(deps, job, lost, delivery)
  const [taskId] = job.taskIds
  return taskId === undefined ? 'done' : runTask(deps, job, taskId, { lost, delivery })
}
