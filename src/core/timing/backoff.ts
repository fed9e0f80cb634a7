const FIRST_MS = 500
const LONGEST_MS = 30_000

/**
 * How long to wait before the next try, in whole ms. Doubles with every failure; up to half of it is
 * random, so that what failed together does not come back together.
 *
 * @param failures Those before the one that is waited for now.
 * @param random Answers from 0 up to 1.
 */
export function backoff(failures: number, random: () => number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** failures)
  return Math.round(longest * (0.5 + random() / 2))
}
