import type { BudgetStore } from '../budget/allowance.ts'
import type { AllowanceOf } from '../budget/allowances.ts'
import type { Finding } from '../contract/findings.ts'
import type { TextLog } from '../ports/event-log.ts'
import type { Executor } from '../ports/executor.ts'
import type { PlanStore } from '../ports/plan-store.ts'
import type { Programs } from '../ports/programs.ts'
import type { BatchQueue, Unit } from '../ports/queue.ts'
import type { StepStore } from '../ports/step-store.ts'
import type { TaskLife, TaskStore } from '../ports/task-life.ts'
import type { Tracer } from '../ports/tracing.ts'
import type { Workspaces } from '../ports/workspaces.ts'
import type { ReuseDeps } from '../reuse/find-reusable.ts'
import type { ReadEditsBefore } from './edits-before.ts'
import type { PlanCache } from './plan-cache.ts'
import type { RunningTasks } from './running-tasks.ts'

export interface RunUnitDeps {
  plans: PlanCache
  tasks: TaskStore
  life: TaskLife
  queue: BatchQueue
  texts: TextLog
  budgets: Pick<BudgetStore, 'count'>
  steps: StepStore
  allowanceOf: AllowanceOf
  executors: ReadonlyMap<string, Executor>
  workspaces: Workspaces
  /** What verifies merged edits, for the task that repairs them. */
  programs?: Programs | undefined
  editsBefore: ReadEditsBefore
  files: Pick<PlanStore, 'files' | 'workspace' | 'pinBase'>
  running: RunningTasks
  tracer: Tracer
  /**
   * Waits until the process has room for another task of this kind; `undefined` once it shuts down.
   */
  acquireSlot: (
    job: Pick<Unit, 'lane' | 'planTasks'>,
    stopping: AbortSignal,
  ) => Promise<(() => void) | undefined>
  /** Aborts at shutdown: nothing new is started, and waiting work is handed back. */
  stopping: AbortSignal
  /**
   * Aborts when the shutdown's grace period is over: whatever is not stored by then is left to
   * others.
   */
  ending: AbortSignal
  /** Outputs of earlier tasks; absent if nothing is reused. */
  reuse?: ReuseDeps | undefined
  /** Extracts findings from an output; throws a PermanentError if that is impossible. */
  findingsIn: (text: string) => Promise<Finding[]>
  newToken: () => string
  random: () => number
  /** Something that no executor should do; for the log. */
  onFault: (error: unknown, planId: string, taskId: string) => void
}

export type UnitJob = Pick<
  Unit,
  | 'planId'
  | 'unit'
  | 'lane'
  | 'taskIds'
  | 'bundle'
  | 'width'
  | 'round'
  | 'planTasks'
  | 'writesSynthesis'
>
