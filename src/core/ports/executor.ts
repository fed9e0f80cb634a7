import type { Allowance } from '../budget/allowance.ts'
import type { Failure } from '../contract/errors.ts'
import type { Finding } from '../contract/findings.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { Usage } from '../contract/usage.ts'

/** What a task produced. Stored once, when its attempt ends. */
export interface TaskOutput {
  /** Markdown or plain text; JSON where the task has an `outputSchema`. */
  text: string
  /** The parsed output, where the task has an `outputSchema`. */
  data?: unknown
  findings?: Finding[]
  edits?: TaskEdits
  /** What the model thought aloud in its answer; no part of the text. */
  reasoning?: string
  /** The last that a command wrote to its standard error. */
  stderr?: string
}

/** The files that one task changed, against the commit or tree it started from. */
export interface TaskEdits {
  /** The commit the task started from; one made of the files where the workspace is no repository. */
  base: string
  /** A unified diff, as `git diff --binary` writes it. */
  patch: string
  files: string[]
}

/** How one attempt ended, when it did not throw. */
export type ExecutionOutcome =
  | { status: 'succeeded'; output: TaskOutput; usage: Usage }
  | {
      status: 'incomplete'
      /** The partial output; its text may be empty. */
      output: TaskOutput
      /** `step-limit`, `token-limit`, `empty-output`, `off-schema`, `content-filter` … */
      reason: Failure
      usage: Usage
    }

/** One attempt at one task, as an executor sees it. */
export interface ExecutionRequest {
  planId: string
  taskId: string
  /** From 1; counts every run, those cut short by a dead worker too. */
  attempt: number
  /** The plan's shared context, the same text for every task of the plan: a cacheable prefix. */
  sharedContext: string
  /** The task's own prompt, rendered, without the shared context. */
  prompt: string
  spec: TaskSpec
  workspace: Workspace | undefined
  /** W3C trace context of the attempt, for whom it calls: agents and commands, not providers of models. */
  traceparent?: string | undefined
}

export interface ExecutionContext {
  /** Aborts on the task's timeout, a cancel, or the shutdown of the worker; the reason says which. */
  signal: AbortSignal
  /** A piece of text as the model writes it. Cheap; may be called often. */
  onText(text: string): void
  /**
   * Usage so far, so that an attempt that fails or is aborted is still counted, and `provider:model`
   * of what answered last, where that is known. The latest call wins.
   */
  onUsage(usage: Usage, answeredBy?: string): void
  /**
   * The last that a command wrote to its standard error, at most 64 KiB, without the values of its
   * environment. Kept with the task however the attempt ends; the latest call wins.
   */
  onStderr?: ((text: string) => void) | undefined
  /**
   * Why it does nothing but wait for a provider, in a sentence or two; `undefined` once it goes on. Said
   * of an attempt that runs out of time meanwhile.
   */
  onHeldBack?: ((why: string | undefined) => void) | undefined
  /**
   * What the plan's budget leaves; absent for a plan without one. Whatever may cost something first
   * sets aside the most that it can, tells what it did cost by `onUsage`, and then settles. With
   * nothing left it ends with the code `budget-exhausted`, and the plan with it.
   */
  allowance?: Allowance | undefined
}

/** What `GET /v1/executors` says of one executor. */
export interface ExecutorDescription {
  name: string
  description: string
  /** False when it cannot run here, with the reason. */
  available: boolean
  reason?: string
  /** Names of the tools that `task.tools` may choose from. */
  tools: string[]
  capabilities: {
    readsWorkspace: boolean
    /** Its tasks fail in a plan without files, so such a plan is refused. */
    requiresWorkspace: boolean
    writesWorkspace: boolean
    usesModel: boolean
    structuredOutput: boolean
  }
  /**
   * `none`: its tasks cost nothing. `counted`: usage tells their cost, and a budget is kept.
   * `unknown`: they may cost something that nobody here hears of.
   */
  cost: 'none' | 'counted' | 'unknown'
  /** A JSON Schema of `task.options`. */
  options: Record<string, unknown>
}

/** What runs a task. */
export interface Executor {
  readonly name: string
  /**
   * `io`: waits on something else most of the time, so a hundred may run in one process.
   * `cpu`: works on this machine, so about as many run as it has cores.
   */
  readonly lane: 'io' | 'cpu'
  /** Called for every task, so it must be cheap. */
  describe(): ExecutorDescription
  /**
   * What is wrong with a task's `options`, `model` and `tools`, found before anything is stored.
   * `path` is relative to the task: `['options', 'delayMs']`.
   */
  validate(spec: TaskSpec): { path: (string | number)[]; message: string }[]
  /** Models that a task may call, by the names that prices have, and where the task names them. */
  models?(spec: TaskSpec): { path: (string | number)[]; name: string }[]
  /**
   * Runs one attempt to its end. Settles within two seconds of `signal` aborting, and leaves
   * no process, file or timer behind.
   *
   * @throws {TransientError} The same call may succeed later: the task is tried again.
   * @throws {PermanentError} Final, with a code that callers see.
   * @throws Any other error is final too; its message is logged and kept from callers.
   */
  execute(request: ExecutionRequest, context: ExecutionContext): Promise<ExecutionOutcome>
}

/** A plan's files, as one task sees them. */
export interface Workspace {
  /** Absolute path of the folder. Everything an executor opens must stay inside. */
  root: string
  /** False when the task shares the folder with others, and must not write. */
  writable: boolean
  /** A folder for temporary files that is the task's own, outside of `root`; absent when shared. */
  scratch?: string
}
