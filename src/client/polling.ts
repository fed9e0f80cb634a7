/** The longest single poll: intermediaries may cut longer requests. */
const LONGEST_POLL_MS = 30_000

/**
 * Asks repeatedly until the answer is final or the time is up; returns the last answer.
 *
 * @param waitMs Overall time; `undefined` for as long as it takes, 0 to ask once without waiting.
 * @param ask Asks once, letting the service wait for the given time.
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

/** Whole seconds for `?wait=` and `Prefer: wait=`, rounded up. */
export function seconds(ms: number): number {
  return Math.ceil(ms / 1000)
}
