import type { Usage } from '../contract/usage.ts'
import type { TaskEdits } from './executor.ts'
import type { KeptStep } from './steps.ts'

/** The attempt that stores a step. */
export interface StepKeeper {
  planId: string
  taskId: string
  attempt: number
  token: string
}

/** A message from a person to a running task. */
export interface PersonsMessage {
  id: string
  text: string
  at: number
}

/** Stores steps. They are deleted with the plan. */
export interface StepStore {
  /** `refused`: the attempt no longer holds the task. */
  resume(
    keeper: StepKeeper,
    name: string,
    options: { anew: boolean },
  ): Promise<
    | { status: 'refused' }
    /** `last`: the number of the last step; `bytes`: the total stored for the task. */
    | { status: 'anew'; last: number; bytes: number }
    | {
        status: 'resumed'
        last: number
        bytes: number
        retried: boolean
        steps: KeptStep[]
        files: TaskEdits | undefined
      }
  >
  /** Stores the step, its event and the usage of the attempt so far, atomically. */
  keep(
    keeper: StepKeeper,
    step: {
      name: string
      number: number
      part: 'answer' | 'results'
      /** Since the model was called. */
      ms: number
      isComplete: boolean
      /** Data of the event `step.finished`, apart from the number. */
      event: Record<string, unknown>
      /** JSON of a `StepAnswer`, or of `ToolResult[]`. */
      body: string
      usage: Usage
      /** JSON of the task's edits so far; `undefined` if they have not changed. */
      files: string | undefined
      /** The message that the step is: it is read then. */
      message?: string | undefined
      /** Shortened results that replace those of earlier steps. */
      replaced: { number: number; body: string }[]
    },
  ): Promise<{ status: 'refused' } | { status: 'kept'; bytes: number; unread: PersonsMessage[] }>
  /** Leaves a message for the agent of a task; the same id again is the same message. */
  post(
    planId: string,
    taskId: string,
    message: Pick<PersonsMessage, 'id' | 'text'>,
  ): Promise<'gone' | 'unknown' | 'ended' | 'too-many' | 'posted'>
  /** Messages that the agent of a task has not read, the oldest first. */
  unread(planId: string, taskId: string): Promise<PersonsMessage[]>
  /** The steps of a task after number `after`, in order, and the number of its last step. */
  read(
    planId: string,
    taskId: string,
    after: number,
    count: number,
  ): Promise<{ steps: KeptStep[]; last: number }>
}
