import type { CallOutcome, ModelGate } from '../../core/model-gate/gate.ts'

/** The first call of a conversation, as other callers of the same model see it. */
export interface FirstCall {
  /** Reports how it ended. Calls after the first do not count. */
  end(outcome: CallOutcome): Promise<void>
}

/**
 * Waits until an agent may start, so that none starts while its provider asks for a pause. Its
 * later calls cannot be held back: the SDK waits by itself when it is refused.
 */
export async function takeTurn(
  gate: ModelGate,
  key: string,
  signal: AbortSignal,
): Promise<FirstCall> {
  const permit = await gate.acquire(key, signal)
  let hasEnded = false
  return {
    async end(outcome) {
      if (hasEnded) return
      hasEnded = true
      await permit.release(outcome)
    },
  }
}
