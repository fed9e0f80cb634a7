import type { OutputTask } from '../../../src/client/schema.ts'

// The shapes of the API, generated from its OpenAPI document for the TypeScript client; a test
// keeps the two in sync. No answer is described by hand here.
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
  Problem,
  Report,
  Severity,
  Step,
  StepPage,
  Synthesis,
  SynthesisFinding,
  SynthesisList,
  TaskDetail,
  TaskOutput,
  TaskPage,
  TaskStatus,
  TaskSummary,
  Todos,
  Workers,
} from '../../../src/client/schema.ts'

export type TaskFinding = NonNullable<OutputTask['findings']>[number]
