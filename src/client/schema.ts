// Made from openapi/openapi.json by `npm run types:client`.

export type TaskStatus =
  'queued' | 'running' | 'succeeded' | 'incomplete' | 'failed' | 'cancelled' | 'skipped'
export type PlanStatus =
  'queued' | 'running' | 'synthesizing' | 'succeeded' | 'partial' | 'failed' | 'cancelled'
export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info'
export type WaitingFor =
  | {
      /**
       * Another task has to succeed first.
       */
      kind: 'dependency'
      taskId: string
      status: TaskStatus
    }
  | {
      /**
       * The plan already runs as many tasks as its policy allows.
       */
      kind: 'limit'
      running: number
      maxConcurrency: number
    }
  | {
      /**
       * No live worker has the executor.
       */
      kind: 'worker'
      executor: string
    }
  | {
      /**
       * The provider of the model asked all workers to wait.
       */
      kind: 'provider'
      model: string
      until: string
    }
  | {
      /**
       * Its turn on one of the workers that have the executor.
       */
      kind: 'slot'
      workers: number
      /**
       * When it is retried after a failed attempt.
       */
      notBefore?: string
    }

export interface Action {
  rank: number
  action: string
  why: string
  findings: string[]
}
export interface AddTasks {
  /**
   * May depend on each other and on tasks that the plan has.
   */
  tasks: {
    /**
     * Unique in the plan; `task-1`, `task-2` … by default.
     */
    id?: string
    /**
     * Three to five words, for lists.
     */
    description?: string
    /**
     * Who does it: `Security specialist`.
     */
    role?: string
    /**
     * What to do.
     */
    task?: string
    /**
     * What only this task must know; the plan has a shared context.
     */
    context?: string
    /**
     * Files it reads, as globs relative to the workspace; or those it reads and those it writes. A folder stands for everything in it, and a glob that starts with `!` excludes files.
     */
    files?:
      | string[]
      | {
          read?: string[]
          write?: string[]
        }
    /**
     * What the output should look like.
     */
    outputFormat?: string
    /**
     * What matters most, in order of importance.
     */
    focusAreas?: string[]
    /**
     * The whole prompt, instead of role, task, context, outputFormat and focusAreas.
     */
    prompt?: string
    /**
     * A JSON Schema that the output must satisfy.
     */
    outputSchema?: {
      [k: string]: unknown
    }
    /**
     * Tasks that must succeed first; their outputs become part of the prompt.
     */
    dependsOn?: string[]
    /**
     * What runs it, one of `GET /v1/executors`.
     */
    executor?: string
    /**
     * `provider:model`.
     */
    model?: string
    /**
     * Models that take over, in this order and within the same attempt, when the one before ends `incomplete` or its answer does not match the schema; `provider:model`. Only for the executor `model`.
     */
    escalate?: string[]
    /**
     * Which of the executor's tools it may use; by default all, but those that write only with `files.write`. A task that asks for `write`, `edit`, `delete` or `run` without `files.write` may write `files`, or every file if there are none.
     */
    tools?: string[]
    /**
     * Options that only the executor interprets.
     */
    options?: {
      [k: string]: unknown
    }
    /**
     * How long one attempt may take, in milliseconds.
     */
    timeoutMs?: number
    /**
     * How many attempts it gets in total.
     */
    attempts?: number
    /**
     * Whether outputs of earlier plans are reused; `off` by default.
     */
    cache?: {
      /**
       * `reuse`: takes the output of a task of an earlier plan if everything that it depends on is the same. `refresh`: runs, and may be reused later. `off`: neither.
       */
      mode: 'reuse' | 'refresh' | 'off'
      /**
       * How old a reused output may be, in milliseconds; any age if absent.
       */
      maxAgeMs?: number
    }
    /**
     * Among waiting tasks, those with a higher number run first.
     */
    priority?: number
  }[]
}
export interface Advice {
  code: string
  message: string
  tasks: string[]
}
export interface Attempt {
  number: number
  outcome:
    | 'running'
    | 'succeeded'
    | 'incomplete'
    | 'failed'
    | 'timed-out'
    | 'cancelled'
    | 'lost'
    | 'interrupted'
  startedAt: string
  finishedAt: string | null
  workerId: string
  usage: Usage
  /**
   * The provider:model that answered last: a fallback if the requested model was not available, or one of `escalate` that took over.
   */
  answeredBy?: string
  /**
   * The last step of earlier attempts, if it continued from there.
   */
  resumedFromStep?: number
  error?: Failure
}
export interface Usage {
  inputTokens: number
  outputTokens: number
  cacheReadTokens: number
  cacheWriteTokens: number
  steps: number
  costUsd: number
}
export interface Failure {
  code: string
  message: string
}
export interface Budget {
  limitUsd: number
  reservedUsd: number
  unknownUsd: number
  leftUsd: number
}
export interface CancelTasks {
  /**
   * Ids of the tasks. With `status`, only those that have it.
   */
  tasks?: string[]
  /**
   * All tasks that have one of these statuses now.
   */
  status?: ('queued' | 'running')[]
}
export interface Conflict {
  between: string[]
  about: string
  sides: {
    taskId: string
    recommendation: string
    evidence: string
  }[]
  resolution: string
  rule: string
}
export interface Counts {
  queued: number
  running: number
  succeeded: number
  incomplete: number
  failed: number
  cancelled: number
  skipped: number
  total: number
}
export interface Coverage {
  succeeded: string[]
  missing: {
    taskId: string
    status: TaskStatus
    error?: string
  }[]
}
export interface Delivery {
  id: string
  type: string
  status: 'pending' | 'delivered' | 'failed'
  attempts: {
    at: string
    statusCode?: number
    error?: string
  }[]
  nextAttemptAt: string | null
}
export interface DeliveryList {
  items: Delivery[]
}
export interface DryRun {
  tasks: {
    id: string
    description: string
    executor: string
    model?: string
    escalate?: string[]
    dependsOn: string[]
    waitsFor: string[]
    /**
     * Files it reads, as globs relative to the workspace; or those it reads and those it writes. A folder stands for everything in it, and a glob that starts with `!` excludes files.
     */
    files?:
      | string[]
      | {
          read?: string[]
          write?: string[]
        }
    tools?: string[]
    options?: {
      [k: string]: unknown
    }
    timeoutMs: number
    attempts: number
    priority: number
    prompt: string
  }[]
  waves: string[][]
  overlaps: Overlap[]
  warnings: Advice[]
  advice: Advice[]
  estimate: Estimate
}
export interface Overlap {
  tasks: string[]
  kind: 'write/write' | 'read/write'
  files: string[]
  fileCount: number
}
export interface Estimate {
  tasks: number
  tokens: {
    low: number
    high: number
  }
  costUsd: {
    low: number
    high: number
  } | null
  relaxedCostUsd?: {
    low: number
    high: number
  } | null
  prices?: {
    source: string
    date: string
  }
  unpricedModels: string[]
  verification?: {
    maxCalls: number
    maxCostUsd: number | null
  }
}
export interface Edits {
  base: string
  patch: string
  files: string[]
}
export interface EvidenceCheck {
  kind: 'file' | 'line' | 'quote'
  holds: boolean
}
export interface ExecutorList {
  default: string
  defaultModel: string | null
  items: {
    name: string
    description: string
    available: boolean
    reason?: string
    tools: string[]
    capabilities: {
      readsWorkspace: boolean
      /**
       * Whether a plan with a task for it must have a `workspace`.
       */
      requiresWorkspace: boolean
      writesWorkspace: boolean
      usesModel: boolean
      structuredOutput: boolean
      /**
       * Whether an attempt continues where an interrupted one stopped. Otherwise each attempt starts from the beginning.
       */
      resumes: boolean
      /**
       * Whether a task that runs reads what is said to it by `…/messages`.
       */
      readsMessages: boolean
    }
    cost: 'none' | 'counted' | 'unknown'
    options: {
      [k: string]: unknown
    }
  }[]
}
export interface FinishedPlan {
  id: string
  title: string
  status: PlanStatus
  mode: 'parallel' | 'sequential'
  counts: Counts
  waves?: string[][]
  overlaps?: Overlap[]
  policy: Policy
  usage: Usage
  budget?: Budget
  stopped?: Failure
  reason?: Failure
  synthesis:
    | Synthesis
    | {
        status: 'pending' | 'running' | 'succeeded' | 'failed' | 'disabled'
        version: number
      }
  metadata: {
    [k: string]: unknown
  }
  createdAt: string
  startedAt: string | null
  finishedAt: string | null
  expiresAt: string | null
  links: {
    [k: string]: string
  }
}
export interface Policy {
  /**
   * How many of its tasks may run at once.
   */
  maxConcurrency?: number
  /**
   * How many tasks the plan may come to have, with those that are added later; by default as many as one submission may have.
   */
  maxTasks?: number
  /**
   * Whether a failed task stops the rest.
   */
  onFailure: 'continue' | 'abort'
  /**
   * The share of tasks that must succeed; otherwise the plan has failed.
   */
  minSuccess: number
  /**
   * What to do when a task writes files that another one reads or writes: refuse the plan, run the tasks one after another, or give each task its own copy.
   */
  onOverlap: 'reject' | 'serialize' | 'isolate'
  /**
   * What the plan may cost; it stops before it costs more.
   */
  budgetUsd?: number
  /**
   * How long the plan may take, in milliseconds.
   */
  timeoutMs?: number
  /**
   * `relaxed`: model calls of tasks without tools, and of partial syntheses, go out together as a batch of their provider (Anthropic, OpenAI), which takes hours and costs half.
   */
  urgency?: 'normal' | 'relaxed'
  /**
   * For a `relaxed` plan: calls that are not back this many milliseconds after its submission are cancelled and made live. 24 hours if absent.
   */
  deadlineMs?: number
  /**
   * Has a model judge each finding of the synthesis, seeing the file but not how its author reached it. Findings that a majority refutes are left out of the summary and the actions.
   */
  verify?: {
    /**
     * How many independent calls judge a finding at most; they stop once a majority agrees.
     */
    votes: 1 | 3 | 5
    minSeverity: Severity
    /**
     * `provider:model`; the service's default model if absent.
     */
    model?: string
    /**
     * The share of `budgetUsd` that these calls may cost.
     */
    maxShare: number
  }
}
export interface Synthesis {
  version: number
  status: 'succeeded' | 'failed'
  executor: 'model' | 'merge'
  model?: string
  createdAt: string
  preliminary: boolean
  summary: string
  findings: SynthesisFinding[]
  conflicts: Conflict[]
  actions: Action[]
  ledger: LedgerEntry[]
  coverage: Coverage
  edits?: MergedEdits
  previous?: PreviousRun
  data?: unknown
  notes: string[]
  usage: Usage
}
export interface SynthesisFinding {
  id: string
  title: string
  severity: Severity
  confidence: number
  category?: string
  file?: string
  line?: number
  detail: string
  recommendation?: string
  sources: string[]
  verification?: Verification
  change?:
    | {
        kind: 'new'
      }
    | {
        kind: 'still'
        was: string
      }
}
export interface Verification {
  status: 'confirmed' | 'refuted' | 'unverified'
  votes?: Vote[]
  checks: EvidenceCheck[]
}
export interface Vote {
  verdict: 'confirmed' | 'refuted' | 'unsure'
  reason: string
}
export interface LedgerEntry {
  finding: string
  fate: 'kept' | 'merged' | 'dropped' | 'refuted'
  into?: string
  reason?: string
}
export interface MergedEdits {
  base: string
  commit?: string
  merged: string[]
  conflicts: {
    path: string
    tasks: string[]
    base?: string
    ours?: string
    theirs?: string
    proposal?: string
    proposedBy?: string
  }[]
  patch: string
  verification?: {
    command: string
    status: 'passed' | 'failed' | 'not-run'
    exitCode?: number
    reason?: string
    output: string
  }
}
export interface PreviousRun {
  planId: string
  version: number
  fixed: {
    id: string
    title: string
    severity: Severity
    file?: string
    line?: number
  }[]
  unchecked: {
    id: string
    title: string
    severity: Severity
    file?: string
    line?: number
  }[]
}
export interface Health {
  status: 'ok'
}
export interface Message {
  id: string
  text: string
}
export interface OutputTask {
  id: string
  status: TaskStatus
  description: string
  output: string
  data?: unknown
  findings?: {
    title: string
    severity: Severity
    confidence: number
    category?: string
    file?: string
    line?: number
    detail?: string
    evidence?: string
    recommendation?: string
    id: string
  }[]
  edits?: Edits
  reasoning?: string
  /**
   * The end of what a command wrote to standard error, at most 64 KiB. Values of its environment are masked.
   */
  stderr?: string
  usage: Usage
  /**
   * The provider:model that answered last: a fallback if the requested model was not available, or one of `escalate` that took over.
   */
  answeredBy?: string
  error?: Failure
}
export interface Plan {
  id: string
  title: string
  status: PlanStatus
  mode: 'parallel' | 'sequential'
  counts: Counts
  waves?: string[][]
  overlaps?: Overlap[]
  policy: Policy
  usage: Usage
  budget?: Budget
  stopped?: Failure
  reason?: Failure
  synthesis: {
    status: 'pending' | 'running' | 'succeeded' | 'failed' | 'disabled'
    version: number
  }
  metadata: {
    [k: string]: unknown
  }
  createdAt: string
  startedAt: string | null
  finishedAt: string | null
  expiresAt: string | null
  links: {
    [k: string]: string
  }
}
export interface PlanPage {
  items: Plan[]
  nextCursor: string | null
}
export interface PolicyInput {
  /**
   * How many of its tasks may run at once.
   */
  maxConcurrency?: number
  /**
   * How many tasks the plan may come to have, with those that are added later; by default as many as one submission may have.
   */
  maxTasks?: number
  /**
   * Whether a failed task stops the rest.
   */
  onFailure?: 'continue' | 'abort'
  /**
   * The share of tasks that must succeed; otherwise the plan has failed.
   */
  minSuccess?: number
  /**
   * What to do when a task writes files that another one reads or writes: refuse the plan, run the tasks one after another, or give each task its own copy.
   */
  onOverlap?: 'reject' | 'serialize' | 'isolate'
  /**
   * What the plan may cost; it stops before it costs more.
   */
  budgetUsd?: number
  /**
   * How long the plan may take, in milliseconds.
   */
  timeoutMs?: number
  /**
   * `relaxed`: model calls of tasks without tools, and of partial syntheses, go out together as a batch of their provider (Anthropic, OpenAI), which takes hours and costs half.
   */
  urgency?: 'normal' | 'relaxed'
  /**
   * For a `relaxed` plan: calls that are not back this many milliseconds after its submission are cancelled and made live. 24 hours if absent.
   */
  deadlineMs?: number
  /**
   * Has a model judge each finding of the synthesis, seeing the file but not how its author reached it. Findings that a majority refutes are left out of the summary and the actions.
   */
  verify?: {
    /**
     * How many independent calls judge a finding at most; they stop once a majority agrees.
     */
    votes?: 1 | 3 | 5
    minSeverity?: Severity
    /**
     * `provider:model`; the service's default model if absent.
     */
    model?: string
    /**
     * The share of `budgetUsd` that these calls may cost.
     */
    maxShare?: number
  }
}
export interface PostMessage {
  text: string
}
export interface Problem {
  /**
   * `/problems/<code>`: where a page explains the code.
   */
  type: string
  title: string
  status: number
  /**
   * Switch on this; codes are added, never renamed.
   */
  code: string
  detail?: string
  /**
   * The id of the request, as in `X-Request-Id`.
   */
  instance?: string
  errors?: {
    /**
     * A JSON Pointer into the body, `?name` or `header:name`.
     */
    pointer: string
    detail: string
  }[]
  /**
   * `false` with a 503: nothing of the request was started, so it may be repeated. If absent, the request may have been carried out.
   */
  begun?: false
  [k: string]: unknown
}
export interface Provider {
  key: string
  heldUntil: string | null
  concurrency: number | null
}
export interface Queue {
  name: string
  shard: number
  waiting: number
  active: number
  delayed: number
}
export interface Report {
  /**
   * From the first task's start to the last one's end, or until now, without `idleMs`.
   */
  wallMs: number
  /**
   * Time in between with nothing to run, for example before a retry an hour later.
   */
  idleMs: number
  /**
   * The sum of the task times. Those that shared the cores of a machine took longer than they would have alone.
   */
  sumOfTaskMs: number
  /**
   * How long of `sumOfTaskMs` the tasks kept each other waiting for a core of their machine. Running in parallel saves none of it. 0 where workers do not run on Linux.
   */
  coreWaitMs: number
  /**
   * Estimated: `(sumOfTaskMs - coreWaitMs) / wallMs`, how many times as fast the tasks ran as one after another.
   */
  speedup: number
  /**
   * `sumOfTaskMs / wallMs`: how many tasks ran at once on average.
   */
  effectiveParallelism: number
  criticalPathMs: number
  queueWaitMs: {
    p50: number
    p95: number
    max: number
  }
  stragglers: {
    taskId: string
    durationMs: number
    timesMedian: number
  }[]
  usage: Usage
  cost: {
    /**
     * Of the tasks, all their attempts included.
     */
    tasksUsd: number
    /**
     * The rest: every synthesis, and the planner of a goal.
     */
    synthesisUsd: number
    /**
     * The estimate of a dry run; `null` if no model would be called or a price is unknown.
     */
    estimateUsd: {
      low: number
      high: number
    } | null
    /**
     * The ten dearest, the dearest first.
     */
    topTasks: {
      taskId: string
      costUsd: number
    }[]
  }
  diagnostics: {
    code: string
    message: string
  }[]
}
export interface RequestedSynthesis {
  version: number
  links: {
    [k: string]: string
  }
}
export interface ResumePlan {
  /**
   * The new budget of the whole plan, in US dollars, including what has been spent.
   */
  budgetUsd: number
}
export interface RetryTasks {
  /**
   * Ids of the tasks. With `status`, only those that have it.
   */
  tasks?: string[]
  /**
   * All tasks that ended with one of these statuses.
   */
  status?: ('succeeded' | 'incomplete' | 'failed' | 'cancelled' | 'skipped')[]
}
export interface Step {
  /**
   * In order, across all attempts at the task.
   */
  number: number
  attempt: number
  /**
   * An answer of a model, or what a person said to it before its next one.
   */
  kind: 'model' | 'message'
  /**
   * The `provider:model` that answered.
   */
  model?: string
  text: string
  /**
   * The reasoning of the model, if its provider reports it.
   */
  reasoning?: string
  toolCalls: {
    id: string
    name: string
    arguments: unknown
    /**
     * In lists, the total number of characters if only the first 2,000 are included; `links.self` has them all.
     */
    argumentsCharacters?: number
    result: unknown
    /**
     * In lists, the total number of characters if only the first 2,000 are included; `links.self` has them all. A task keeps 8 MB; beyond that, its oldest results are permanently shortened and say so.
     */
    resultCharacters?: number
    isError: boolean
  }[]
  usage: Usage
  startedAt: string
  /**
   * `null` while its tools run.
   */
  finishedAt: string | null
  links: {
    [k: string]: string
  }
}
export interface StepPage {
  items: Step[]
  nextCursor: string | null
}
export interface StoredSubmission {
  [k: string]: unknown
}
export interface SubmitPlan {
  /**
   * For lists.
   */
  title?: string
  /**
   * Shared by every task, and sent first in every prompt.
   */
  context?: string
  /**
   * The tasks. Exactly one of `tasks`, `pattern` and `goal` is given.
   */
  tasks?: TaskSubmission[]
  /**
   * One task for each directory or perspective.
   */
  pattern?:
    | {
        kind: 'directories'
        directories: string[]
        task: TaskSubmission
      }
    | {
        kind: 'perspectives'
        perspectives: string[]
        task: TaskSubmission
      }
  /**
   * What to achieve: a planner model writes the tasks.
   */
  goal?: string
  /**
   * `sequential`: one task in progress at a time.
   */
  mode?: 'parallel' | 'sequential'
  policy?: PolicyInput
  /**
   * The files the plan works on: a folder that the operator allows, a git repository, or the files themselves.
   */
  workspace?:
    | {
        path: string
        /**
         * A command whose exit code says whether the merged edits work, such as `npm test`. The operator must allow it in TUTTI_RUN. It is not run by a shell.
         */
        verify?: string
        /**
         * Adds a task after all others, with the settings of the first one that writes. If `verify` fails on their merged edits, the task gets the output and repairs what fails.
         */
        repair?: boolean
      }
    | {
        git: {
          url: string
          ref?: string
          credential?: string
        }
        /**
         * A command whose exit code says whether the merged edits work, such as `npm test`. The operator must allow it in TUTTI_RUN. It is not run by a shell.
         */
        verify?: string
        /**
         * Adds a task after all others, with the settings of the first one that writes. If `verify` fails on their merged edits, the task gets the output and repairs what fails.
         */
        repair?: boolean
      }
    | {
        files: {
          [k: string]: string
        }
        /**
         * A command whose exit code says whether the merged edits work, such as `npm test`. The operator must allow it in TUTTI_RUN. It is not run by a shell.
         */
        verify?: string
        /**
         * Adds a task after all others, with the settings of the first one that writes. If `verify` fails on their merged edits, the task gets the output and repairs what fails.
         */
        repair?: boolean
      }
  /**
   * Whether outputs of earlier plans are reused; `off` by default.
   */
  cache?: {
    /**
     * `reuse`: takes the output of a task of an earlier plan if everything that it depends on is the same. `refresh`: runs, and may be reused later. `off`: neither.
     */
    mode: 'reuse' | 'refresh' | 'off'
    /**
     * How old a reused output may be, in milliseconds; any age if absent.
     */
    maxAgeMs?: number
  }
  /**
   * How the outputs become one result; `false` for none.
   */
  synthesis?:
    | false
    | {
        /**
         * Who writes it: a model, or the deterministic merge.
         */
        executor?: 'model' | 'merge'
        /**
         * `provider:model`.
         */
        model?: string
        /**
         * What the synthesis should pay attention to.
         */
        instructions?: string
        /**
         * A JSON Schema of the synthesis's `data`.
         */
        outputSchema?: {
          [k: string]: unknown
        }
        /**
         * Writes a preliminary version each time this many more tasks have ended.
         */
        every?: number
        /**
         * An earlier plan: what is new, still there or fixed since.
         */
        compareWith?: string
      }
  /**
   * Where to report changes, signed as the Standard Webhooks specification says.
   */
  webhook?: {
    url: string
    events?: (
      | 'plan.finished'
      | 'plan.started'
      | 'task.finished'
      | 'step.finished'
      | 'tasks.added'
      | 'synthesis.finished'
    )[]
  }
  /**
   * The caller's own data, returned unchanged; at most 16 KiB.
   */
  metadata?: {
    [k: string]: unknown
  }
}
export interface TaskSubmission {
  /**
   * Unique in the plan; `task-1`, `task-2` … by default.
   */
  id?: string
  /**
   * Three to five words, for lists.
   */
  description?: string
  /**
   * Who does it: `Security specialist`.
   */
  role?: string
  /**
   * What to do.
   */
  task?: string
  /**
   * What only this task must know; the plan has a shared context.
   */
  context?: string
  /**
   * Files it reads, as globs relative to the workspace; or those it reads and those it writes. A folder stands for everything in it, and a glob that starts with `!` excludes files.
   */
  files?:
    | string[]
    | {
        read?: string[]
        write?: string[]
      }
  /**
   * What the output should look like.
   */
  outputFormat?: string
  /**
   * What matters most, in order of importance.
   */
  focusAreas?: string[]
  /**
   * The whole prompt, instead of role, task, context, outputFormat and focusAreas.
   */
  prompt?: string
  /**
   * A JSON Schema that the output must satisfy.
   */
  outputSchema?: {
    [k: string]: unknown
  }
  /**
   * Tasks that must succeed first; their outputs become part of the prompt.
   */
  dependsOn?: string[]
  /**
   * What runs it, one of `GET /v1/executors`.
   */
  executor?: string
  /**
   * `provider:model`.
   */
  model?: string
  /**
   * Models that take over, in this order and within the same attempt, when the one before ends `incomplete` or its answer does not match the schema; `provider:model`. Only for the executor `model`.
   */
  escalate?: string[]
  /**
   * Which of the executor's tools it may use; by default all, but those that write only with `files.write`. A task that asks for `write`, `edit`, `delete` or `run` without `files.write` may write `files`, or every file if there are none.
   */
  tools?: string[]
  /**
   * Options that only the executor interprets.
   */
  options?: {
    [k: string]: unknown
  }
  /**
   * How long one attempt may take, in milliseconds.
   */
  timeoutMs?: number
  /**
   * How many attempts it gets in total.
   */
  attempts?: number
  /**
   * Whether outputs of earlier plans are reused; `off` by default.
   */
  cache?: {
    /**
     * `reuse`: takes the output of a task of an earlier plan if everything that it depends on is the same. `refresh`: runs, and may be reused later. `off`: neither.
     */
    mode: 'reuse' | 'refresh' | 'off'
    /**
     * How old a reused output may be, in milliseconds; any age if absent.
     */
    maxAgeMs?: number
  }
  /**
   * Among waiting tasks, those with a higher number run first.
   */
  priority?: number
}
export interface SynthesisList {
  items: Synthesis[]
}
export interface TaskDetail {
  id: string
  description: string
  status: TaskStatus
  executor: string
  model?: string
  dependsOn: string[]
  wave: number
  attemptCount: number
  maxAttempts: number
  timings: {
    queuedAt: string
    startedAt: string | null
    finishedAt: string | null
  }
  usage: Usage
  /**
   * The provider:model that answered last: a fallback if the requested model was not available, or one of `escalate` that took over.
   */
  answeredBy?: string
  /**
   * The task of an earlier plan whose output was reused; it was not run again.
   */
  cachedFrom?: {
    planId: string
    taskId: string
  }
  error?: Failure
  /**
   * What it waits for while it is queued.
   */
  waitingFor?: WaitingFor[]
  links: {
    [k: string]: string
  }
  attempts: Attempt[]
  timeoutMs: number
  priority: number
  /**
   * Files it reads, as globs relative to the workspace; or those it reads and those it writes. A folder stands for everything in it, and a glob that starts with `!` excludes files.
   */
  files?:
    | string[]
    | {
        read?: string[]
        write?: string[]
      }
  prompt: string
}
export interface TaskOutput {
  retrievalStatus: 'success' | 'timeout' | 'not_ready'
  task: OutputTask
}
export interface TaskPage {
  items: TaskSummary[]
  nextCursor: string | null
}
export interface TaskSummary {
  id: string
  description: string
  status: TaskStatus
  executor: string
  model?: string
  dependsOn: string[]
  wave: number
  attemptCount: number
  maxAttempts: number
  timings: {
    queuedAt: string
    startedAt: string | null
    finishedAt: string | null
  }
  usage: Usage
  /**
   * The provider:model that answered last: a fallback if the requested model was not available, or one of `escalate` that took over.
   */
  answeredBy?: string
  /**
   * The task of an earlier plan whose output was reused; it was not run again.
   */
  cachedFrom?: {
    planId: string
    taskId: string
  }
  error?: Failure
  /**
   * What it waits for while it is queued.
   */
  waitingFor?: WaitingFor[]
  links: {
    [k: string]: string
  }
}
export interface Todos {
  todos: {
    content: string
    status: 'pending' | 'in_progress' | 'completed'
    activeForm: string
  }[]
}
export interface Worker {
  id: string
  host: string
  pid: number
  version: string
  startedAt: string
  lastSeenAt: string
  concurrency: number
  running: number
  executors: string[]
}
export interface Workers {
  workers: Worker[]
  queues: Queue[]
  providers: Provider[]
}
