import { distance } from 'fastest-levenshtein'

/** A beginning shorter than this is the beginning of too much. */
const LEAST_PREFIX = 4

/**
 * The name that an unknown one was probably meant to be: another spelling of it (`depends_on`), a name
 * that it begins (`timeout` for `timeoutMs`), or one a typo or two away. Undefined if none is close.
 */
export function closestName(name: string, names: Iterable<string>): string | undefined {
  const wanted = plain(name)
  let best: { name: string; slips: number } | undefined
  for (const each of names) {
    const slips = slipsBetween(wanted, plain(each))
    if (slips <= mostSlips(wanted) && slips < (best?.slips ?? Infinity))
      best = { name: each, slips }
  }
  return best?.name
}

function slipsBetween(wanted: string, known: string): number {
  const isBeginning = wanted.length >= LEAST_PREFIX && known.startsWith(wanted)
  return isBeginning && known !== wanted ? 1 : distance(wanted, known)
}

function mostSlips({ length }: string): number {
  return length < LEAST_PREFIX ? 1 : 2
}

function plain(name: string): string {
  return name.replaceAll(/[_-]/g, '').toLowerCase()
}
