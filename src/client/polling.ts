/** One long-poll is no longer than this, because what lies between may cut a request that takes longer. */
const LONGEST_POLL_MS = 30_000

/**
 * Asks again until the answer is final or the time is up, and gives the last answer.
 *
 * @param waitMs In all; `undefined` for as long as it takes, 0 for one question without a wait.
 * @param ask Asks once, and lets the service wait for so long.
 */
export async function poll<T>(
  waitMs: number | undefined,
  ask: (waitMs: number) => Promise<T>,
  isFinal: (answer: T) => boolean,
): Promise<T> {
  const deadline = waitMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + waitMs
  while (true) {
    const answer = await ask(Math.min(Math.max(0, deadline - Date.now()), LONGEST_POLL_MS))
    if (isFinal(answer) || Date.now() >= deadline) return answer
  }
}

/** Whole seconds, as `?wait=` and `Prefer: wait=` take them; a part of a second counts as one. */
export function seconds(ms: number): number {
  return Math.ceil(ms / 1000)
}
