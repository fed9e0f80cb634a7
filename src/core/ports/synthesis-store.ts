import type { Pieces } from '../contract/api.ts'
import type { Failure } from '../contract/errors.ts'
import type { PlanStatus } from '../contract/status.ts'
import type { Usage } from '../contract/usage.ts'
import type { PartJob, SynthesisJob } from './queue.ts'
import type { PartPlace, Slice, SynthesisText } from './synthesis-parts.ts'

/** Parts of an unfinished synthesis, kept until its version is stored or the plan is gone. */
export interface PartStore {
  /** `over`: the part exists, its version has been stored, or the plan is gone. */
  begin(job: PartJob): Promise<'go' | 'over'>
  /**
   * Stores a part with everything that was used for it; the first one wins. `over`: the version has
   * been stored or the plan is gone, so nothing was stored.
   */
  keep(job: PartJob, part: string, usage: Usage): Promise<'kept' | 'over'>
  /** The stored parts at these places. */
  read(planId: string, jobId: string, places: readonly PartPlace[]): Promise<(string | undefined)[]>
  /** The places of all stored parts. */
  places(planId: string, jobId: string): Promise<PartPlace[]>
  /**
   * Records the contents of each part, unless they are recorded; returns the recorded ones, or
   * undefined when it is over.
   */
  pinLayout(planId: string, jobId: string, layout: Slice[][]): Promise<Slice[][] | undefined>
  layout(planId: string, jobId: string): Promise<Slice[][] | undefined>
}

export interface SynthesisStore {
  /**
   * `superseded`: a later synthesis replaces this one. `early`: tasks are left, and the unit that ends the
   * last of them must write it.
   */
  begin(
    planId: string,
    jobId: string,
    kind: SynthesisJob['kind'],
  ): Promise<
    { status: 'gone' | 'superseded' | 'early' } | { status: 'done' | 'go'; version: number }
  >
  /**
   * Stores the version and, if nothing else is left to do, finishes the plan with `outcome`.
   * `finished`: the plan has finished. A preliminary version that arrives after that does not
   * become the newest.
   */
  finish(
    planId: string,
    jobId: string,
    result: {
      kind: SynthesisJob['kind']
      synthesis: SynthesisText | undefined
      outcome: Extract<PlanStatus, 'succeeded' | 'partial' | 'failed' | 'cancelled'>
      /** Which of the tasks' edits are missing, if the plan ends without some. */
      editsProblem?: Failure | undefined
      /** What was used apart from the parts, whose usage has already been counted. */
      usage: Usage | undefined
    },
  ): Promise<'gone' | 'done' | 'stored' | 'finished'>
  /**
   * The request that a job was first made for, and its version once it has one. With `requestHash`,
   * a `free` job is claimed for that request.
   */
  claim(
    planId: string,
    jobId: string,
    requestHash?: string,
  ): Promise<
    | { status: 'gone' | 'free' }
    | { status: 'claimed'; requestHash: string; version: number | undefined }
  >
  /**
   * Allocates the version that a job is to write; returns the existing one if it already has one.
   */
  request(
    planId: string,
    jobId: string,
  ): Promise<{ status: 'gone' } | { status: 'allocated'; version: number }>
  /** JSON of `Synthesis`. The pieces can be read only once. */
  get(planId: string, version: number): Promise<Pieces | undefined>
  /** The versions that are stored, in ascending order. */
  versions(planId: string): Promise<number[]>
}
