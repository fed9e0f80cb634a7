import type { Counts } from '../api/types.ts'
import type { LiveTask } from './plan-model.ts'

export function countTasks(tasks: Iterable<LiveTask>): Counts {
  const counts: Counts = {
    queued: 0,
    running: 0,
    succeeded: 0,
    incomplete: 0,
    failed: 0,
    cancelled: 0,
    skipped: 0,
    total: 0,
  }
  for (const task of tasks) {
    counts[task.status] += 1
    counts.total += 1
  }
  return counts
}
