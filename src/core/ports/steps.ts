import type { Failure } from '../contract/errors.ts'
import type { Usage } from '../contract/usage.ts'

/** A piece of a model's answer, in the order of arrival. Callers read only the fields named here. */
export interface AnswerPart {
  /** `text-delta` and `reasoning-delta` have a `delta`; `tool-call` has the rest; others are only stored. */
  type: string
  delta?: string
  toolCallId?: string
  toolName?: string
  /** The arguments as JSON. */
  input?: string
  [field: string]: unknown
}

/** One answer of a model, which the next attempt reuses instead of calling the model again. */
export interface StepAnswer {
  /** Set for a message from a person instead of an answer: its text is the only part, and `model` is empty. */
  kind?: 'message'
  /** `provider:model`. */
  model: string
  /** Which of the models that the task escalates to, from 1; absent for the first. */
  rung?: number
  parts: AnswerPart[]
  /** Only of this call. */
  usage: Usage
  /** Set if the answer was cut off because the plan had no more money. */
  cut?: Failure | undefined
}

/** The result of one tool that the answer called. */
export interface ToolResult {
  /** The `toolCallId` of the call. */
  id: string
  result?: unknown
  /** Replaces the result if the tool failed. */
  error?: string
  /** Set if the result was shortened to save space: its original length in characters. */
  shortened?: number
}

export interface KeptStep extends StepAnswer {
  /** From 1, across all attempts at the task. */
  number: number
  attempt: number
  /** Absent while its tools run, and if they were interrupted. */
  results?: ToolResult[]
  startedAt: number
  finishedAt?: number | undefined
}

/**
 * What an agent says and does, stored step by step. The next attempt continues after the last step if
 * a worker died or shut down, or if the attempt timed out or the provider failed.
 */
export interface StepLog {
  /**
   * Returns the steps that earlier attempts stored of this conversation, and restores the files as
   * they were after the last complete one. Call it once, before the first step. Without steps, the
   * conversation starts from the beginning.
   *
   * @param name Identifies what the conversation depends on: prompt, instructions, tools. If it
   *   differs, nothing is resumed.
   */
  resume(name: string, options: { anew: boolean }): Promise<ResumedSteps>
  /**
   * Stores an answer before its tools run. Waits while the store is down.
   *
   * @throws {AttemptAborted} Another worker has the task.
   */
  keepAnswer(answer: StepAnswer, options: { ms: number; isLast: boolean }): Promise<void>
  /** Stores the tool results of the last answer; with `changedFiles` also the files as they are now. */
  keepResults(results: ToolResult[], options: { changedFiles: boolean }): Promise<void>
  /**
   * Stores the messages that a person has sent since the last call, each as a step, and returns them.
   * They must be passed to the model before its next call.
   */
  readMessages(): Promise<StepAnswer[]>
  /** Whether there are unread messages, as far as this process knows. */
  isAddressed(): boolean
  /**
   * Call it between steps.
   *
   * @throws {AttemptAborted} This process is shutting down; another one continues from here.
   */
  checkpoint(): void
}

export interface ResumedSteps {
  steps: KeptStep[]
  /** A caller asked to run the task again after it had ended. */
  retried: boolean
}
