import { stem } from '../../text/words.ts'

// The vocabulary in which recommendations oppose each other.

/** Verbs that ask for their object, and verbs that ask for it to go. */
export const WANTED = stemSet(
  'add introduce enable use adopt apply keep retain preserve allow permit accept include activate prefer implement require enforce install leave',
)
export const UNWANTED = stemSet(
  'remove delete drop disable avoid eliminate forbid deny reject block prohibit disallow deactivate skip ban strip omit prevent uninstall abandon',
)

/** Opposites, wherever they are in a sentence: the axis, one side, the other side. */
const OPPOSITES: [axis: string, plus: string, minus: string][] = [
  [
    'amount',
    'increase raise extend lengthen enlarge grow widen expand bump boost longer larger higher bigger',
    'decrease reduce lower shorten shrink shorter smaller fewer narrow trim',
  ],
  [
    'structure',
    'split separate extract divide decouple decompose',
    'merge combine inline consolidate join unify collapse',
  ],
  [
    'synchrony',
    'async asynchronous asynchronously non-blocking nonblocking',
    'sync synchronous synchronously blocking',
  ],
  ['strictness', 'tighten harden restrict stricter strict', 'relax loosen lenient weaken looser'],
  ['version', 'upgrade', 'downgrade'],
  ['visibility', 'expose publish public export', 'hide private unexport encapsulate internal'],
  ['eagerness', 'lazy lazily', 'eager eagerly'],
  ['mutability', 'mutable', 'immutable readonly read-only'],
  [
    'concurrency',
    'parallel parallelise parallelize concurrent concurrently',
    'serial serially sequential sequentially',
  ],
  ['normal form', 'normalise normalize', 'denormalise denormalize'],
  ['centralisation', 'centralise centralize', 'decentralise decentralize'],
  ['pinning', 'pin', 'unpin'],
  ['state', 'stateful', 'stateless'],
  ['side', 'server-side', 'client-side'],
  ['encryption', 'encrypt encrypted', 'decrypt unencrypted plaintext'],
]

/** Alternatives of which a place normally uses one. */
const RIVALS = [
  'bcrypt argon2|argon2id scrypt pbkdf2',
  'postgres|postgresql mysql sqlite mongodb dynamodb',
  'redis memcached',
  'rest graphql grpc',
  'tabs spaces',
  'jest vitest mocha',
  'npm yarn pnpm',
  'inheritance composition',
  'optimistic pessimistic',
  'allowlist denylist',
  'localstorage sessionstorage cookie|cookies',
  'polling websocket|websockets sse',
  'monolith microservices',
  'jwt|jwts session|sessions',
  'callbacks promises',
  'xml json yaml',
]

export type Sign = '+' | '-'

const SIDES = new Map<string, { axis: string; side: Sign }>(
  OPPOSITES.flatMap(([axis, plus, minus]) => [
    ...plus.split(' ').map((word) => [sideKey(word), { axis, side: '+' as const }] as const),
    ...minus.split(' ').map((word) => [sideKey(word), { axis, side: '-' as const }] as const),
  ]),
)
export const CHOICES = new Map<string, { axis: string; side: string }>(
  RIVALS.flatMap((group) =>
    group.split(' ').flatMap((names) => {
      const [side = '', ...others] = names.split('|')
      return [side, ...others].map((word) => [word, { axis: `choice: ${group}`, side }] as const)
    }),
  ),
)

/**
 * "Remove the dead code" does not contradict "add code": these words say which kind is unwanted.
 */
export const KIND =
  /^(?:unused|dead|duplicated?|old|legacy|deprecated|commented|hard-?coded|weak|raw|unsafe|insecure|stale|obsolete|debug|temporary|broken|flaky|skipped|disabled|focused|empty|orphaned|outdated)$/
/** These judge the thing itself: "remove the needless cache" does contradict "add a cache". */
export const NEEDLESS =
  /^(?:unnecessary|unneeded|needless|redundant|pointless|useless|superfluous)$/

/** Seconds per unit, by the stem of the unit. */
export const SECONDS: Record<string, number> = {
  ms: 0.001,
  s: 1,
  sec: 1,
  second: 1,
  min: 60,
  minut: 60,
  h: 3_600,
  hour: 3_600,
  d: 86_400,
  day: 86_400,
}

/** The sides that words take; an axis with words of both sides is left out. */
export function sidesOf(words: readonly string[]): Map<string, Sign> {
  const sides = new Map<string, Sign | 'both'>()
  for (const [index, word] of words.entries()) {
    const found = words[index - 1] === 'too' ? excess(word) : sideOf(word)
    if (found === undefined) continue
    const earlier = sides.get(found.axis) ?? found.side
    sides.set(found.axis, earlier === found.side ? found.side : 'both')
  }
  return new Map([...sides].flatMap(([axis, side]) => (side === 'both' ? [] : [[axis, side]])))
}

/** Something that is too long should be shorter. */
function excess(word: string): { axis: string; side: Sign } | undefined {
  if (/^(?:long|large|big|high|many|wide|much|deep)$/.test(word))
    return { axis: 'amount', side: '-' }
  if (/^(?:short|small|low|few|narrow|little)$/.test(word)) return { axis: 'amount', side: '+' }
  return sideOf(word)
}

export function sideOf(word: string): { axis: string; side: Sign } | undefined {
  return SIDES.get(word) ?? SIDES.get(stem(word))
}

/**
 * Stems match all forms of a verb. `-ing` forms are kept: `blocking` is not the verb "to block".
 */
function sideKey(word: string): string {
  return word.endsWith('ing') ? word : stem(word)
}

export function flip(sign: Sign): Sign {
  return sign === '+' ? '-' : '+'
}

export function stemSet(words: string): Set<string> {
  return new Set(words.split(' ').map(stem))
}
