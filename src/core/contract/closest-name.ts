import { distance } from 'fastest-levenshtein'

/** A beginning shorter than this is the beginning of too much. */
const LEAST_PREFIX = 4

/**
 * The name that was meant by one that does not exist: another spelling of it (`depends_on`), its beginning
 * (`timeout` for `timeoutMs`), or a name a slip or two away. None where nothing is close.
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
