import type { Failure } from '../contract/errors.ts'
import { TASK_STATUSES } from '../contract/status.ts'
import type { PlanRecord } from '../ports/records.ts'

/**
 * Why a finished plan is not simply `succeeded`. The code is that of the most important reason; the
 * message lists them all. `undefined` while the plan is running, and if it succeeded.
 */
export function planReason(record: PlanRecord): Failure | undefined {
  const { outcome, stop, editsProblem } = record
  if (outcome === undefined || outcome === 'succeeded') return undefined
  const reasons = [
    ...(stop === undefined ? [] : [{ code: stop.code, message: stop.message }]),
    ...belowMinimum(record),
    // Before failed tasks, which anybody can see: nothing else shows that a patch is missing
    // something.
    ...(editsProblem === undefined ? [] : [editsProblem]),
    ...unsuccessfulTasks(record),
    ...(record.synthesis.status === 'failed'
      ? [{ code: 'synthesis-failed', message: 'No synthesis could be written.' }]
      : []),
  ]
  const [first] = reasons
  return first && { code: first.code, message: reasons.map(({ message }) => message).join(' ') }
}

function belowMinimum({ outcome, counts, spec }: PlanRecord): Failure[] {
  const { minSuccess } = spec.policy
  const total = totalOf(counts)
  if (outcome !== 'failed' || counts.succeeded / total >= minSuccess) return []
  const needed = Math.ceil(minSuccess * total)
  return [
    {
      code: 'min-success',
      message: `${counts.succeeded} of ${tasks(total)} succeeded, and \`minSuccess\` asks for ${needed}.`,
    },
  ]
}

function unsuccessfulTasks({ counts }: PlanRecord): Failure[] {
  const total = totalOf(counts)
  const missing = total - counts.succeeded
  if (missing === 0) return []
  const kinds = (['failed', 'incomplete', 'skipped', 'cancelled'] as const)
    .filter((status) => counts[status] > 0)
    .map((status) => `${counts[status]} ${status}`)
  const message = `${missing} of ${tasks(total)} did not succeed: ${kinds.join(', ')}.`
  return [{ code: 'tasks-not-succeeded', message }]
}

function totalOf(counts: PlanRecord['counts']): number {
  return TASK_STATUSES.reduce((sum, status) => sum + counts[status], 0)
}

function tasks(count: number): string {
  return count === 1 ? '1 task' : `${count} tasks`
}
