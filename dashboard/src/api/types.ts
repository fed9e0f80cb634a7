import type { z } from 'zod'
import type * as views from '../../../src/core/views.ts'

export type { Finding, Severity } from '../../../src/core/findings.ts'
export type { PlanStatus, TaskStatus } from '../../../src/core/status.ts'
export type {
  Conflict,
  LedgerEntry,
  MergedEdits,
  Synthesis,
  SynthesisFinding,
} from '../../../src/core/synthesis.ts'
export type { Usage } from '../../../src/core/usage.ts'
export type {
  Advice,
  Attempt,
  Counts,
  DryRun,
  Estimate,
  ExecutorList,
  OutputTask,
  Overlap,
  Plan,
  PlanPage,
  Report,
  TaskDetail,
  TaskOutputAnswer,
  TaskPage,
  TaskSummary,
  Todos,
} from '../../../src/core/views.ts'
export type Failure = z.output<typeof views.Failure>
export interface WorkersAndQueues {
  workers: {
    id: string
    host: string
    pid: number
    startedAt: string
    lastSeenAt: string
    concurrency: number
    running: number
    version?: string
  }[]
  queues: { name: string; waiting: number; active: number; delayed: number; prioritized: number }[]
  providers?: { key: string; heldUntil: string | null; concurrency: number | null }[]
}
