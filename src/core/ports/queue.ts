import type { Lane, UnitLayout } from './records.ts'
import type { PartPlace } from './synthesis-parts.ts'

/**
 * One job in the queue: a task, or a bundle that runs any tasks of a plan that wait for nothing.
 */
export interface Unit {
  planId: string
  /** From 0, in plan order; retried tasks get new numbers. */
  unit: number
  lane: Lane
  /** Its task. Empty for a bundle, which takes tasks one by one as slots become free. */
  taskIds: string[]
  /** How many tasks a bundle takes before it makes way for others; 0 for a single-task unit. */
  bundle: number
  /** How many of them may run at the same time. */
  width: 'all' | 1
  /** How many tasks the whole plan has. */
  planTasks: number
  /** The fair-queueing round in which it runs: plans take turns, one unit per round. */
  round: number
  /** From the tasks' `priority`, -100 to 100. */
  priority: number
  /** In the queue, but not to run until it is released. */
  held: boolean
  /** Whether the unit that ends the last task also writes the synthesis; equal for all units of a batch. */
  writesSynthesis: boolean
}

/** The order for a synthesis; stored with the job. */
export interface SynthesisJob {
  planId: string
  /** Unique within the plan; running it twice writes one version. */
  jobId: string
  /**
   * `final`: after all tasks; it finishes the plan. `again`: on request. `preliminary`: while tasks
   * run.
   */
  kind: 'final' | 'again' | 'preliminary'
  /** Replaces the plan's own, if given with the request. */
  instructions?: string | undefined
  model?: string | undefined
  executor?: 'model' | 'merge' | undefined
  outputSchema?: Record<string, unknown> | undefined
  /** It was requested after the plan had been stopped, so the stop does not apply to it. */
  afterStop?: boolean | undefined
}

/** One part of a synthesis that is too large for a single call; stored with its job. */
export interface PartJob {
  planId: string
  /** Unique within the plan; running it twice writes one part. */
  jobId: string
  /** The synthesis that it belongs to, which waits for it. */
  of: SynthesisJob
  place: PartPlace
}

/** The queue that workers take units and syntheses from. */
export interface BatchQueue {
  /**
   * Enqueues all units, in slices if all of them are held, followed by the synthesis unless the units
   * write it: all or nothing. Repeating it changes nothing.
   *
   * @throws {ServiceError} `unavailable`; anything that was partly enqueued has been removed again.
   */
  enqueueBatch(synthesis: SynthesisJob, units: readonly Unit[]): Promise<void>
  /** Enqueues a synthesis that waits for no tasks. */
  enqueueSynthesis(synthesis: SynthesisJob): Promise<void>
  /**
   * Enqueues parts of a synthesis whose job a worker holds, as children of that job: once the
   * worker returns it with `wait`, it comes back when all of them are done. Existing parts are left
   * alone.
   */
  enqueueParts(synthesis: SynthesisJob, parts: readonly PartPlace[]): Promise<void>
  /**
   * Enqueues one more bundle of a plan whose first batch is running. Repeating it changes nothing.
   */
  enqueueBundle(bundle: Unit): Promise<void>
  /** Lets held units run. Units that are gone or not held are skipped. */
  release(planId: string, units: readonly { unit: number; lane: Lane }[]): Promise<void>
  /**
   * Removes those of a plan's jobs that no worker holds, a few at a time, together with the
   * synthesis behind the batch of this first unit.
   */
  remove(
    planId: string,
    units: readonly { unit: number; lane: Lane }[],
    firstUnit: number,
  ): Promise<void>
  /**
   * Held units, oldest first from page 0. A page has some hundreds; the one after the last is
   * empty.
   */
  heldUnits(page: number): Promise<{ planId: string; unit: number; lane: Lane }[]>
  /** Whether the first batch of a plan is queued, as far as it has not been run. */
  hasBatch(planId: string, units: UnitLayout): Promise<boolean>
}

/**
 * The id of the synthesis behind a batch, which is 0 for the plan's first and the first unit's
 * number for a retry.
 */
export function finalSynthesisJobId(planId: string, batch: number): string {
  return `${planId}-s${batch}`
}
