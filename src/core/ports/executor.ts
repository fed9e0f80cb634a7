import type { Allowance } from '../budget/allowance.ts'
import type { Failure } from '../contract/errors.ts'
import type { Finding } from '../contract/findings.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { Usage } from '../contract/usage.ts'
import type { StepLog } from './steps.ts'

/** What a task produced. Stored once, when its attempt ends. */
export interface TaskOutput {
  /** Markdown or plain text; JSON if the task has an `outputSchema`. */
  text: string
  /** The parsed output, if the task has an `outputSchema`. */
  data?: unknown
  findings?: Finding[]
  edits?: TaskEdits
  /** The model's reasoning, which is not part of the text. */
  reasoning?: string
  /** The end of what a command wrote to standard error. */
  stderr?: string
}

/** The files that one task changed, against the commit or tree it started from. */
export interface TaskEdits {
  /**
   * The commit the task started from; created from the files if the workspace is not a repository.
   */
  base: string
  /** A unified diff, as `git diff --binary` writes it. */
  patch: string
  files: string[]
}

/** What programs of a task did on the cores of their machine. */
export interface CoreTimes {
  /** CPU time of all their threads, in milliseconds. */
  ranMs: number
  /** How long they waited for a core, in milliseconds; less than they existed. */
  waitedMs: number
  /** Of the machine. */
  cores: number
}

/** How one attempt ended, when it did not throw. */
export type ExecutionOutcome =
  | { status: 'succeeded'; output: TaskOutput; usage: Usage }
  | {
      status: 'incomplete'
      /** The partial output; its text may be empty. */
      output: TaskOutput
      /** The attempt succeeded after all if the task has changed files, which are then its result. */
      unlessEdited?: true
      /** `step-limit`, `token-limit`, `empty-output`, `off-schema`, `content-filter` … */
      reason: Failure
      usage: Usage
    }

/** One attempt at one task, as an executor sees it. */
export interface ExecutionRequest {
  planId: string
  taskId: string
  /** From 1; counts every run, including those cut short by a dead worker. */
  attempt: number
  /**
   * The plan's shared context, identical for every task of the plan, so that it is a cacheable
   * prefix.
   */
  sharedContext: string
  /** The task's own prompt, rendered, without the shared context. */
  prompt: string
  spec: TaskSpec
  workspace: Workspace | undefined
  /** W3C trace context of the attempt. Passed to agents and commands, not to model providers. */
  traceparent?: string | undefined
}

export interface ExecutionContext {
  /** Aborts on the task's timeout, on cancellation or on worker shutdown; the reason says which. */
  signal: AbortSignal
  /** A piece of text as the model writes it. Cheap; may be called often. */
  onText(text: string): void
  /**
   * Usage so far, so that failed and aborted attempts are counted too, and the `provider:model`
   * that answered last, if known. The latest call wins.
   */
  onUsage(usage: Usage, answeredBy?: string): void
  /**
   * The end of a command's standard error, at most 64 KiB, without the values of its environment.
   * Stored with the task however the attempt ends; the latest call wins.
   */
  onStderr?: ((text: string) => void) | undefined
  /** Of a program that it ran on this machine, once that has ended; added up over the attempt. */
  onCoreTimes?: ((times: CoreTimes) => void) | undefined
  /**
   * Why it only waits for a provider, in a sentence or two; `undefined` once it continues. It becomes
   * part of the error if the attempt times out meanwhile.
   */
  onHeldBack?: ((why: string | undefined) => void) | undefined
  /**
   * What the plan's budget leaves; absent for a plan without one. Before anything that may cost
   * money, reserve its maximum cost; then report the actual cost with `onUsage` and settle. If
   * nothing is left, the attempt ends with the code `budget-exhausted`, and the plan with it.
   */
  allowance?: Allowance | undefined
  /** Stores an agent's steps, so that the next attempt can continue from them. */
  steps?: StepLog | undefined
  /** Given if the plan is not urgent, so that model calls may take hours. */
  relaxed?: RelaxedTime | undefined
  /** Is told of everything that is read of the workspace by an executor that `seesReads`. */
  reads?: ReadLog | undefined
}

/** Time for calls of a plan that is not urgent. */
export interface RelaxedTime {
  /** How long after the plan's submission such calls are made live instead. */
  deadlineMs: number
  /**
   * Runs something that may take hours: without the task's slot, and not counted towards its time limit.
   * The signal of `wait` aborts with the attempt or when this process shuts down.
   *
   * @throws {AttemptAborted} This process shuts down; another one continues.
   */
  aside<T>(wait: (signal: AbortSignal) => Promise<T>): Promise<T>
}

/** What an attempt reads of its workspace: its output can be reused as long as that is the same. */
export interface ReadLog {
  /** Called before a file is read or changed, by its path in the workspace. */
  file(path: string): Promise<void>
  /** A list of files, or a search; `Executor.look` can repeat it. */
  look(tool: string, input: unknown, result: string): void
  /** Something was read that cannot be told. */
  unseen(): void
}

/** An executor as described by `GET /v1/executors`. */
export interface ExecutorDescription {
  name: string
  description: string
  /** False if it cannot run here; `reason` says why. */
  available: boolean
  reason?: string
  /** Names of the tools that `task.tools` may list. */
  tools: string[]
  capabilities: {
    readsWorkspace: boolean
    /** Its tasks would fail in a plan without files, so such a plan is rejected. */
    requiresWorkspace: boolean
    writesWorkspace: boolean
    usesModel: boolean
    structuredOutput: boolean
    /** An attempt continues where an interrupted one stopped; see `ExecutionContext.steps`. */
    resumes: boolean
    /** A running task reads messages from a person before its next step. */
    readsMessages: boolean
  }
  /**
   * `none`: its tasks are free. `counted`: usage reports their cost, so a budget is kept.
   * `unknown`: they may cost something that the service does not learn about.
   */
  cost: 'none' | 'counted' | 'unknown'
  /** A JSON Schema of `task.options`. */
  options: Record<string, unknown>
}

/** What runs a task. */
export interface Executor {
  readonly name: string
  /**
   * `io`: mostly waits for something else, so a hundred tasks may run in one process. `cpu`:
   * computes on this machine, so about one task per core runs.
   */
  readonly lane: 'io' | 'cpu'
  /** Called for every task, so it must be cheap. */
  describe(): ExecutorDescription
  /**
   * Finds problems with a task's `options`, `model` and `tools` before anything is stored. `path`
   * is relative to the task: `['options', 'delayMs']`.
   */
  validate(spec: TaskSpec): { path: (string | number)[]; message: string }[]
  /**
   * The models a task may call, by the names used in the price list, and where the task names them.
   */
  models?(spec: TaskSpec): { path: (string | number)[]; name: string }[]
  /** Whether it reports everything that a task reads of its workspace; see `ReadLog`. */
  seesReads?(spec: TaskSpec): boolean
  /** Repeats a look that it has reported; `undefined` if it does not know the tool. */
  look?(
    workspace: Workspace,
    look: { tool: string; input: unknown },
    signal: AbortSignal,
  ): Promise<string | undefined>
  /**
   * Whether a task's model calls can go out in a batch of their provider, if its plan is not urgent.
   */
  relaxes?(spec: TaskSpec, options: { hasWorkspace: boolean }): boolean
  /**
   * Runs one attempt to its end. Settles within two seconds after `signal` aborts, and leaves no
   * process, file or timer behind.
   *
   * @throws {TransientError} The same call may succeed later: the task is retried.
   * @throws {PermanentError} Final, with a code that callers see.
   * @throws Any other error is final too; its message is logged and not shown to callers.
   */
  execute(request: ExecutionRequest, context: ExecutionContext): Promise<ExecutionOutcome>
}

/** A plan's files, as one task sees them. */
export interface Workspace {
  /** Absolute path of the folder. Everything an executor opens must stay inside. */
  root: string
  /** False if the task shares the folder with others and must not write. */
  writable: boolean
  /** A temporary folder of the task's own, outside `root`; absent if the workspace is shared. */
  scratch?: string
}
