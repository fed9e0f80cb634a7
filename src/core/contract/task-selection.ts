import { z } from 'zod'
import { TaskId } from './task-spec.ts'

const ids = z
  .array(TaskId)
  .min(1)
  .max(20_000)
  .optional()
  .describe('Ids of the tasks. With `status`, only those that have it.')

/** Selects the tasks of a plan to run again. */
export const RetryTasks = z
  .strictObject({
    tasks: ids,
    status: z
      .array(z.enum(['succeeded', 'incomplete', 'failed', 'cancelled', 'skipped']))
      .min(1)
      .optional()
      .describe('All tasks that ended with one of these statuses.'),
  })
  .meta({ id: 'RetryTasks' })
export type RetryTasks = z.output<typeof RetryTasks>

/** Selects the tasks of a plan to cancel. */
export const CancelTasks = z
  .strictObject({
    tasks: ids,
    status: z
      .array(z.enum(['queued', 'running']))
      .min(1)
      .optional()
      .describe('All tasks that have one of these statuses now.'),
  })
  .meta({ id: 'CancelTasks' })
export type CancelTasks = z.output<typeof CancelTasks>
