import type { OutputTask } from '../../../src/client/schema.ts'

// The shapes of the API, made from its OpenAPI document for the TypeScript client; a test keeps the
// two the same. Nothing here describes an answer by hand, but the one below.
export type {
  Advice,
  Attempt,
  Conflict,
  Counts,
  DryRun,
  ExecutorList,
  Failure,
  LedgerEntry,
  MergedEdits,
  OutputTask,
  Overlap,
  Plan,
  PlanPage,
  PlanStatus,
  Report,
  Severity,
  Synthesis,
  SynthesisFinding,
  SynthesisList,
  TaskDetail,
  TaskOutput,
  TaskStatus,
  Todos,
} from '../../../src/client/schema.ts'

export type TaskFinding = NonNullable<OutputTask['findings']>[number]

/** Of `GET /v1/workers`. */
export interface WorkersAndQueues {
  workers: {
    id: string
    host: string
    pid: number
    version: string
    startedAt: string
    lastSeenAt: string
    concurrency: number
    running: number
    executors: string[]
  }[]
  queues: { name: string; shard: number; waiting: number; active: number; delayed: number }[]
  providers: { key: string; heldUntil: string | null; concurrency: number | null }[]
}
