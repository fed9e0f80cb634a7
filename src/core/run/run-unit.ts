import { runBundle } from './run-bundle.ts'
import type { RunUnitDeps, UnitJob } from './run-deps.ts'
import { type Ran, runTask } from './run-task.ts'

/**
 * Runs the tasks of one job to their ends. Each has its own attempts, timeout, cancellation and
 * output, and is stored as it ends, so that only unfinished tasks run again after a crash.
 * `delivery`: how often the job was handed to a worker.
 *
 * @throws The error of one task, once the others have ended.
 */
export async function runUnit(
  deps: RunUnitDeps,
  job: UnitJob,
  lost: AbortSignal,
  delivery: number,
): Promise<Ran> {
  if (job.bundle > 0) return runBundle(deps, job, lost, delivery)
  const [taskId] = job.taskIds
  return taskId === undefined ? 'done' : runTask(deps, job, taskId, { lost, delivery })
}
