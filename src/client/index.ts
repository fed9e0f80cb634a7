export { type Tutti, tutti } from './client.ts'
export {
  compareFindings,
  compareTasks,
  type FindingChanges,
  type TaskChange,
  tookMs,
} from './compare.ts'
export { type FieldError, type Problem, TuttiError } from './error.ts'
export type {
  Change,
  Changes,
  ChangeType,
  FollowOptions,
  PlanEvent,
  Snapshot,
  TaskSnapshot,
} from './events.ts'
export type { Page } from './pages.ts'
export type { PlanQuery, Plans, SubmitOptions, WaitOptions } from './plans.ts'
export type {
  Action,
  Attempt,
  Conflict,
  Counts,
  Delivery,
  DryRun,
  ExecutorList,
  Failure,
  FinishedPlan,
  LedgerEntry,
  Message,
  OutputTask,
  Overlap,
  Plan,
  PlanStatus,
  Report,
  Severity,
  Step,
  Synthesis,
  SynthesisFinding,
  TaskDetail,
  TaskOutput,
  TaskStatus,
  TaskSubmission,
  TaskSummary,
  Todos,
  Usage,
  Workers,
} from './schema.ts'
export {
  isEnded,
  isFinished,
  isPlanStatus,
  isTaskStatus,
  PLAN_STATUSES,
  TASK_STATUSES,
} from './status.ts'
export type {
  CreateOptions,
  ExportFormat,
  ExportOptions,
  NewestOptions,
  Syntheses,
} from './syntheses.ts'
export type { OutputOptions, StepQuery, TaskQuery, Tasks } from './tasks.ts'
export type { CallOptions, ClientOptions } from './transport.ts'
export type { AwaitedPlan, PlanSubmission, SynthesisRequest } from './types.ts'
export { describeWaiting } from './waiting.ts'
