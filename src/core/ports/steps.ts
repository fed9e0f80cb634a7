import type { Failure } from '../contract/errors.ts'
import type { Usage } from '../contract/usage.ts'

/** A piece of a model's answer, in the order in which it came; the fields named here are read by callers too. */
export interface AnswerPart {
  /** `text-delta` and `reasoning-delta` have a `delta`; `tool-call` has the rest; others are only kept. */
  type: string
  delta?: string
  toolCallId?: string
  toolName?: string
  /** The arguments as JSON. */
  input?: string
  [field: string]: unknown
}

/** One answer of a model: what the next attempt goes on from, without calling for it again. */
export interface StepAnswer {
  /** Not an answer at all, but what a person said: its text is its only part, and its model empty. */
  kind?: 'message'
  /** `provider:model`. */
  model: string
  /** Which of the models that the task escalates to, from 1; absent for the first. */
  rung?: number
  parts: AnswerPart[]
  /** Of this call alone. */
  usage: Usage
  /** Set where the answer was cut off because the plan had no more money. */
  cut?: Failure | undefined
}

/** What one tool said that the answer called. */
export interface ToolResult {
  /** The `toolCallId` of the call. */
  id: string
  result?: unknown
  /** In its place, where the tool failed. */
  error?: string
  /** What is left of a result that took too much room; characters that it had. */
  shortened?: number
}

export interface KeptStep extends StepAnswer {
  /** From 1, across all attempts at the task. */
  number: number
  attempt: number
  /** Absent while its tools run, or where they were cut short. */
  results?: ToolResult[]
  startedAt: number
  finishedAt?: number | undefined
}

/**
 * What an agent says and does, kept step by step. The next attempt goes on behind the last step: after
 * the death of a worker, a shutdown, a timeout or a failure of the provider.
 */
export interface StepLog {
  /**
   * Steps that earlier attempts have kept of this conversation, with the files put back as they were
   * after the last complete one. Called once, before the first step. None: it begins anew.
   *
   * @param name What the conversation follows from: prompt, instructions, tools. Under another name
   *   nothing is resumed.
   */
  resume(name: string, options: { anew: boolean }): Promise<ResumedSteps>
  /**
   * Keeps an answer before its tools run. Waits while the store is away.
   *
   * @throws {AttemptAborted} Another worker has the task.
   */
  keepAnswer(answer: StepAnswer, options: { ms: number; isLast: boolean }): Promise<void>
  /** Keeps what the tools of the last answer said; with `changedFiles` also the files as they are now. */
  keepResults(results: ToolResult[], options: { changedFiles: boolean }): Promise<void>
  /**
   * Keeps what a person has said since the last call as steps of their own, and answers with it: to be
   * said to the model before it is called.
   */
  readMessages(): Promise<StepAnswer[]>
  /** Whether somebody has said something that was not read, as far as is known. */
  isAddressed(): boolean
  /**
   * To be called between steps.
   *
   * @throws {AttemptAborted} This process is to end: another one goes on from here.
   */
  checkpoint(): void
}

export interface ResumedSteps {
  steps: KeptStep[]
  /** Somebody asked for the task to be run again after it had ended. */
  retried: boolean
}
