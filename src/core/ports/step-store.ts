import type { Usage } from '../contract/usage.ts'
import type { TaskEdits } from './executor.ts'
import type { KeptStep } from './steps.ts'

/** Which attempt keeps a step. */
export interface StepKeeper {
  planId: string
  taskId: string
  attempt: number
  token: string
}

/** What a person says to a task that runs. */
export interface PersonsMessage {
  id: string
  text: string
  at: number
}

/** Where steps are kept. All of it goes with the plan. */
export interface StepStore {
  /** `refused`: the attempt is not the task's any more. */
  resume(
    keeper: StepKeeper,
    name: string,
    options: { anew: boolean },
  ): Promise<
    | { status: 'refused' }
    /** `last`: the number of the last step; `bytes`: what is kept of the task in all. */
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
  /** One step in the store: the step, its event, and the usage of the attempt so far. */
  keep(
    keeper: StepKeeper,
    step: {
      name: string
      number: number
      part: 'answer' | 'results'
      /** Since the model was called. */
      ms: number
      isComplete: boolean
      /** What the event `step.finished` says beside the number. */
      event: Record<string, unknown>
      /** JSON of a `StepAnswer`, or of the `ToolResult`s. */
      body: string
      usage: Usage
      /** JSON of what the task has changed so far; `undefined` where that is as before. */
      files: string | undefined
      /** The message that the step is: it is read then. */
      message?: string | undefined
      /** Results of earlier steps, to be replaced. */
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
  /** Steps of a task after a number, in order; and the number of the last. */
  read(
    planId: string,
    taskId: string,
    after: number,
    count: number,
  ): Promise<{ steps: KeptStep[]; last: number }>
}
