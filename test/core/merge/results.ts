import type { Finding } from '../../../src/core/contract/findings.ts'
import type { TaskResult } from '../../../src/core/ports/models.ts'

/** A task's result with findings that are medium and half sure unless they say otherwise. */
export function aResult(
  taskId: string,
  findings: (Partial<Finding> & { title: string })[] = [],
  more: Partial<TaskResult> = {},
): TaskResult {
  return {
    taskId,
    description: `${taskId} review`,
    status: 'succeeded',
    text: '',
    findings: findings.map((finding) => ({ severity: 'medium', confidence: 0.5, ...finding })),
    ...more,
  }
}
