import type { ProviderModel } from '../models.ts'
import type { Part } from './answer-parts.ts'

type CallOptions = Parameters<ProviderModel['doStream']>[0]

/** The calls of one task or job that go out in batches. */
export interface RelaxedCalls {
  /**
   * The parts of the answer, as if it had been streamed; `undefined` if the call has to be made live.
   * `cover` is called with a call that has not been handed in before, and returns it as paid for.
   *
   * @param model `provider:model`.
   * @throws The reason for an abort, and errors of `cover`.
   */
  ask(
    model: string,
    call: CallOptions,
    cover: (call: CallOptions) => Promise<CallOptions>,
  ): Promise<Part[] | undefined>
  /** The answers have been used and stored. */
  done(): Promise<void>
}
