import type { Lane } from './records.ts'
import type { PartPlace } from './synthesis-parts.ts'

/** One job of the queue: a task, or a bundle of any tasks of a plan that wait for nothing. */
export interface Unit {
  planId: string
  /** From 0, in plan order; retried tasks get new numbers. */
  unit: number
  lane: Lane
  /** Its task; of a bundle none: it takes them one by one, as slots come free. */
  taskIds: string[]
  /** How many tasks a bundle takes before it makes way for others; 0 for a unit of one task. */
  bundle: number
  /** How many of them may run at once. */
  width: 'all' | 1
  /** How many tasks the whole plan has. */
  planTasks: number
  /** The round of fair queueing in which its turn comes: plans take turns, one unit a round. */
  round: number
  /** From the tasks' `priority`, -100 to 100. */
  priority: number
  /** In the queue, but not to be run before it is released. */
  held: boolean
}

/** What a synthesis job is asked to do; stored with the job. */
export interface SynthesisJob {
  planId: string
  /** Unique in the plan; running it twice writes one version. */
  jobId: string
  /** `final`: after all tasks, and finishes the plan. `again`: asked for. `preliminary`: on the way. */
  kind: 'final' | 'again' | 'preliminary'
  /** Replaces the plan's own where it was asked for. */
  instructions?: string | undefined
  model?: string | undefined
  executor?: 'model' | 'merge' | undefined
  outputSchema?: Record<string, unknown> | undefined
  /** It was asked for when the plan had been stopped already, so that the stop does not concern it. */
  afterStop?: boolean | undefined
}

/** One part of a synthesis that is too large for one call; stored with its job. */
export interface PartJob {
  planId: string
  /** Unique in the plan; running it twice writes one part. */
  jobId: string
  /** The synthesis it is a part of, which waits for it. */
  of: SynthesisJob
  place: PartPlace
}

/** The queue that workers take units and syntheses from. */
export interface BatchQueue {
  /**
   * Enqueues all units and, behind all of them, the synthesis: all or none. Enqueueing again what
   * is there already changes nothing.
   *
   * @throws {ServiceError} `unavailable`; what was taken in part has been removed again.
   */
  enqueueBatch(synthesis: SynthesisJob, units: readonly Unit[]): Promise<void>
  /** A synthesis that waits for no tasks. */
  enqueueSynthesis(synthesis: SynthesisJob): Promise<void>
  /**
   * Parts of a synthesis whose job a worker has, in its flow: given back as `wait`, that job comes
   * again when all of them are done. Those that are there already are left as they are.
   */
  enqueueParts(synthesis: SynthesisJob, parts: readonly PartPlace[]): Promise<void>
  /** One more bundle of a plan whose first batch is being run. Enqueueing it again changes nothing. */
  enqueueBundle(bundle: Unit): Promise<void>
  /** Lets held units run. Units that are not held, or gone, are passed over. */
  release(planId: string, units: readonly { unit: number; lane: Lane }[]): Promise<void>
  /**
   * Takes a plan's jobs out, as far as no worker has them, a few at a time; with them the synthesis
   * behind the batch of this first unit.
   */
  remove(
    planId: string,
    units: readonly { unit: number; lane: Lane }[],
    firstUnit: number,
  ): Promise<void>
  /** Units that are held, those enqueued first on page 0; a page has some hundreds, the one after the last none. */
  heldUnits(page: number): Promise<{ planId: string; unit: number; lane: Lane }[]>
  /** Whether a synthesis waits in the queue, or is being written. */
  hasSynthesis(planId: string, jobId: string): Promise<boolean>
}

/** The synthesis behind a batch: 0 for the plan's first, the first unit's number for a retry's. */
export function finalSynthesisJobId(planId: string, batch: number): string {
  return `${planId}-s${batch}`
}
