import type { ProviderModel } from '../models.ts'
import type { CallFailure } from './call-failure.ts'

type CallOptions = Parameters<ProviderModel['doStream']>[0]

/** The output limits of models, learned from their refusals of higher ones. */
export function outputLimits() {
  const limits = new Map<string, number>()
  return {
    within(model: string, call: CallOptions): CallOptions {
      const limit = limits.get(model)
      if (limit === undefined || (call.maxOutputTokens ?? limit + 1) <= limit) return call
      return { ...call, maxOutputTokens: limit }
    },

    /** Returns true if the same call may succeed with fewer output tokens. */
    learn(model: string, { outputLimit }: CallFailure, asked: number | undefined): boolean {
      const before = limits.get(model) ?? asked ?? Number.POSITIVE_INFINITY
      if (outputLimit === undefined || outputLimit >= before) return false
      limits.set(model, outputLimit)
      return true
    },
  }
}
