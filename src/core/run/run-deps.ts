import type { BudgetStore } from '../budget/allowance.ts'
import type { AllowanceOf } from '../budget/allowances.ts'
import type { Finding } from '../contract/findings.ts'
import type { TextLog } from '../ports/event-log.ts'
import type { Executor } from '../ports/executor.ts'
import type { PlanStore } from '../ports/plan-store.ts'
import type { BatchQueue, Unit } from '../ports/queue.ts'
import type { TaskLife, TaskStore } from '../ports/task-life.ts'
import type { Tracer } from '../ports/tracing.ts'
import type { Workspaces } from '../ports/workspaces.ts'
import type { PlanCache } from './plan-cache.ts'
import type { RunningTasks } from './running-tasks.ts'

export interface RunUnitDeps {
  plans: PlanCache
  tasks: TaskStore
  life: TaskLife
  queue: BatchQueue
  texts: TextLog
  budgets: Pick<BudgetStore, 'count'>
  allowanceOf: AllowanceOf
  executors: ReadonlyMap<string, Executor>
  workspaces: Workspaces
  files: Pick<PlanStore, 'files' | 'workspace' | 'pinBase'>
  running: RunningTasks
  tracer: Tracer
  /** Waits for the process to have room for one more task of this kind; `undefined` once it shuts down. */
  acquireSlot: (
    job: Pick<Unit, 'lane' | 'planTasks'>,
    stopping: AbortSignal,
  ) => Promise<(() => void) | undefined>
  /** Aborts at shutdown: nothing more is begun, and what only waits is handed back. */
  stopping: AbortSignal
  /** Aborts when the shutdown's time is over: what could not be stored by then is left to others. */
  ending: AbortSignal
  /** Findings that an output states; throws a PermanentError where it cannot be read. */
  findingsIn: (text: string) => Promise<Finding[]>
  newToken: () => string
  random: () => number
  /** Something no executor should have done; for the log. */
  onFault: (error: unknown, planId: string, taskId: string) => void
}

export type UnitJob = Pick<
  Unit,
  'planId' | 'unit' | 'lane' | 'taskIds' | 'bundle' | 'width' | 'round' | 'planTasks'
>
