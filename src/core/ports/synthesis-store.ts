import type { Pieces } from '../contract/api.ts'
import type { Failure } from '../contract/errors.ts'
import type { PlanStatus } from '../contract/status.ts'
import type { Usage } from '../contract/usage.ts'
import type { PartJob, SynthesisJob } from './queue.ts'
import type { PartPlace, Slice, SynthesisText } from './synthesis-parts.ts'

/** Parts of a synthesis on its way: kept until the version is stored, or the plan is gone. */
export interface PartStore {
  /** `over`: it is kept, or its version has been stored, or the plan is gone. */
  begin(job: PartJob): Promise<'go' | 'over'>
  /**
   * Keeps a part, with all that was used for it; the first one stays. `over`: the version has been
   * stored, or the plan is gone, and nothing was kept.
   */
  keep(job: PartJob, part: string, usage: Usage): Promise<'kept' | 'over'>
  /** Those of the places that are kept. */
  read(planId: string, jobId: string, places: readonly PartPlace[]): Promise<(string | undefined)[]>
  /** The places that are kept, without reading them. */
  places(planId: string, jobId: string): Promise<PartPlace[]>
  /** Records what goes into each part, once; answers with what is recorded, or nothing when it is over. */
  pinLayout(planId: string, jobId: string, layout: Slice[][]): Promise<Slice[][] | undefined>
  layout(planId: string, jobId: string): Promise<Slice[][] | undefined>
}

export interface SynthesisStore {
  begin(
    planId: string,
    jobId: string,
    kind: SynthesisJob['kind'],
  ): Promise<{ status: 'gone' | 'superseded' } | { status: 'done' | 'go'; version: number }>
  /**
   * Stores the version and, where nothing else is left to do, finishes the plan with `outcome`.
   * `finished`: the plan has finished. A preliminary version that comes after that is not the newest.
   */
  finish(
    planId: string,
    jobId: string,
    result: {
      kind: SynthesisJob['kind']
      synthesis: SynthesisText | undefined
      outcome: Extract<PlanStatus, 'succeeded' | 'partial' | 'failed' | 'cancelled'>
      /** What of the tasks' edits is missing, where the plan ends with it. */
      editsProblem?: Failure | undefined
      /** What was used beside the parts, whose usage is counted already. */
      usage: Usage | undefined
    },
  ): Promise<'gone' | 'done' | 'stored' | 'finished'>
  /**
   * The request that a job was first asked for with, and its version once it has one. With `requestHash`
   * a job that is `free` is claimed for that request.
   */
  claim(
    planId: string,
    jobId: string,
    requestHash?: string,
  ): Promise<
    | { status: 'gone' | 'free' }
    | { status: 'claimed'; requestHash: string; version: number | undefined }
  >
  /** The version that a job is to write, or is writing already. */
  request(
    planId: string,
    jobId: string,
  ): Promise<{ status: 'gone' } | { status: 'allocated'; version: number }>
  /** JSON of `Synthesis`. The pieces are to be read once. */
  get(planId: string, version: number): Promise<Pieces | undefined>
  /** The versions that are stored, in ascending order. */
  versions(planId: string): Promise<number[]>
}
