const FIRST_MS = 500
const LONGEST_MS = 30_000

/**
 * How long to wait before the next try, in whole milliseconds. Doubles with every failure. Up to
 * half of it is random, so that things that failed together do not retry together.
 *
 * @param failures Number of failures before the latest one.
 * @param random Returns a number from 0 to 1, excluding 1.
 */
export function backoff(failures: number, random: () => number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** failures)
  return Math.round(longest * (0.5 + random() / 2))
}
