import type { CallOutcome, ModelGate } from '../../core/model-gate/gate.ts'

/** The first call of a conversation, as others that call the same model see it. */
export interface FirstCall {
  /** Says how it ended. Calls after the first count for nothing. */
  end(outcome: CallOutcome): Promise<void>
}

/**
 * Waits until an agent may begin, so that none begins while its provider asks for a pause. What it
 * calls after that nobody can hold back: the SDK waits by itself when it is refused.
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
