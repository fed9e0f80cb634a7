import type { TaskStatus } from '../contract/status.ts'
import type { Usage } from '../contract/usage.ts'
import type { CoreTimes } from '../ports/executor.ts'

/** Times are milliseconds since 1970. */
export interface ReportInput {
  tasks: ReportTask[]
  usage: Usage
  /** In US dollars. */
  estimate?: { low: number; high: number } | undefined
  now: number
  createdAt: number
  /** When the first of its tasks ever started. */
  startedAt?: number | undefined
  /** How many tasks of the plan may run at once; no limit when absent. */
  maxConcurrency?: number | undefined
  mode: 'parallel' | 'sequential'
}

export interface ReportTask {
  taskId: string
  status: TaskStatus
  /** The tasks it waited for, because of order or overlap. */
  dependsOn: readonly string[]
  /** When it could first have run. */
  queuedAt: number
  startedAt: number | undefined
  finishedAt: number | undefined
  /** The machine that it ran on, and what its programs did there. */
  host?: string | undefined
  coreTimes?: CoreTimes | undefined
  /** Of all its attempts. */
  costUsd: number
  /** Runs started. */
  attempts: number
  /** Runs that ended because their worker was lost or shut down. */
  lost?: number | undefined
}
