import type { PlanStatus, TaskStatus } from '../client/index.ts'

export const PLAN_STATUSES = [
  'queued',
  'running',
  'synthesizing',
  'succeeded',
  'partial',
  'failed',
  'cancelled',
] as const satisfies readonly PlanStatus[]

export const TASK_STATUSES = [
  'queued',
  'running',
  'succeeded',
  'incomplete',
  'failed',
  'cancelled',
  'skipped',
] as const satisfies readonly TaskStatus[]
