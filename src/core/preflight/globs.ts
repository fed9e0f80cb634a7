/** How many brace alternatives are considered; a glob with more counts as matching anything. */
const MAX_ALTERNATIVES = 64
/** Comparisons per pair of globs; a pair that needs more counts as overlapping. */
const MAX_STEPS = 20_000

type Token =
  | { kind: 'character'; character: string }
  | { kind: 'one' }
  | { kind: 'any' }
  | { kind: 'class'; holds: (character: string) => boolean }

/** One segment of a path; `**` stands for any number of segments. */
type Segment = '**' | Token[]

export interface Glob {
  source: string
  /** False if the glob is not understood completely and is taken to match more than it does. */
  exact: boolean
  /** The path itself if the glob has no wildcard. */
  path: string | undefined
  /** Segments before the first wildcard, common to all alternatives. */
  prefix: string[]
  /** One list of segments for each combination of its braces. */
  alternatives: Segment[][]
}

/**
 * Reads `*`, `**`, `?`, `[a-z]`, `{a,b}` and `\` as glob matchers do. Anything else, such as
 * `!(…)`, is treated as `**`: the result may match too much but never too little. A path without
 * wildcards stands for the file, and for everything below it if it is a folder.
 */
export function parseGlob(source: string): Glob {
  const expanded = isStrange(source) ? undefined : expandBraces(source)
  const ways = (expanded ?? [strangePrefix(source)]).map(parsePath)
  const [first] = ways
  const shared = first?.prefix.findIndex((part, index) =>
    ways.some(({ prefix }) => prefix[index] !== part),
  )
  const prefix = first?.prefix.slice(0, shared === -1 ? undefined : shared) ?? []
  return {
    source,
    exact: expanded !== undefined,
    path: ways.length === 1 && first?.plain ? prefix.join('/') : undefined,
    prefix,
    alternatives: ways.map(({ segments }) => segments),
  }
}

function parsePath(text: string): { segments: Segment[]; prefix: string[]; plain: boolean } {
  const parts = text.split('/').filter((part) => part !== '' && part !== '.')
  const segments = parts.map((part): Segment => (part === '**' ? '**' : parseSegment(part)))
  const prefix = literalPrefix(segments)
  const literal = prefix.length === segments.length
  const folder = text.endsWith('/')
  return {
    segments: literal || folder ? [...segments, '**'] : segments,
    prefix,
    plain: literal && !folder,
  }
}

/**
 * Whether some path may match both. Sound: "no" is certain, "yes" may be overcautious.
 *
 * @param steps The comparisons left for all pairs together; reduced by those of this pair.
 */
export function globsIntersect(a: Glob, b: Glob, steps = { left: MAX_STEPS }): boolean {
  const shared = Math.min(a.prefix.length, b.prefix.length)
  for (let index = 0; index < shared; index += 1) {
    if (a.prefix[index] !== b.prefix[index]) return false
  }
  const budget = { left: MAX_STEPS }
  const answer = a.alternatives.some((one) =>
    b.alternatives.some((other) => pathsIntersect(one, other, budget)),
  )
  steps.left -= MAX_STEPS - Math.max(0, budget.left)
  return answer
}

/**
 * Whether everything that `inner` may match is inside `outer`, which is a path or a folder. "Yes"
 * is certain.
 */
export function globHolds(outer: Glob, inner: Glob): boolean {
  const [way] = outer.alternatives
  const isFolder = way?.length === outer.prefix.length + 1 && way.at(-1) === '**'
  return (
    outer.exact &&
    outer.alternatives.length === 1 &&
    isFolder &&
    outer.prefix.every((part, index) => inner.prefix[index] === part)
  )
}

function pathsIntersect(a: Segment[], b: Segment[], budget: { left: number }): boolean {
  return intersect(
    a,
    b,
    (segment) => segment === '**',
    (one, other) =>
      one === '**' || other === '**' || intersect(one, other, isAny, tokensIntersect, budget),
    budget,
  )
}

function isAny(token: Token): boolean {
  return token.kind === 'any'
}

function tokensIntersect(a: Token, b: Token): boolean {
  if (a.kind === 'character') {
    if (b.kind === 'character') return a.character === b.character
    return b.kind === 'class' ? b.holds(a.character) : true
  }
  return b.kind === 'character' && a.kind === 'class' ? a.holds(b.character) : true
}

/**
 * Whether two sequences, some of whose items stand for any number of others, can be equal. Dynamic
 * programming over how much of each has been used. If the budget runs out, the answer is yes.
 */
function intersect<T>(
  a: readonly T[],
  b: readonly T[],
  isMany: (item: T) => boolean,
  meet: (one: T, other: T) => boolean,
  budget: { left: number },
): boolean {
  // reachable[j]: the first i items of a and the first j of b can be equal.
  let reachable = Array.from({ length: b.length + 1 }, () => false)
  for (let i = 0; i <= a.length; i += 1) {
    const next = Array.from({ length: b.length + 1 }, () => false)
    for (let j = 0; j <= b.length; j += 1) {
      budget.left -= 1
      if (budget.left < 0) return true
      const one = a[i - 1]
      const other = b[j - 1]
      if (one === undefined && other === undefined) {
        next[j] = true
        continue
      }
      const afterA = one !== undefined && reachable[j] === true
      const afterB = other !== undefined && next[j - 1] === true
      const afterBoth = one !== undefined && other !== undefined && reachable[j - 1] === true
      next[j] =
        (one !== undefined && isMany(one) && (afterA || afterB)) ||
        (other !== undefined && isMany(other) && (afterA || afterB)) ||
        (afterBoth && meet(one, other))
    }
    reachable = next
  }
  return reachable[b.length] === true
}

function literal(segment: Segment): string | undefined {
  if (segment === '**') return undefined
  let text = ''
  for (const token of segment) {
    if (token.kind !== 'character') return undefined
    text += token.character
  }
  return text
}

function literalPrefix(segments: readonly Segment[]): string[] {
  const prefix: string[] = []
  for (const segment of segments) {
    const text = literal(segment)
    if (text === undefined) break
    prefix.push(text)
  }
  return prefix
}

/**
 * Negations, extended globs and named or endless classes, which only a full matcher understands,
 * and `**` next to other characters, which some matchers let cross folders in some places.
 */
function isStrange(source: string): boolean {
  return (
    source.startsWith('!') ||
    /\[:|\[[^\]]{100}/.test(source) ||
    /(?<!\\)[()|]/.test(source) ||
    /(?<!^|\/)\*\*|\*\*(?!\/|$)/.test(source)
  )
}

/** The part before the unusual syntax, and anything below it. */
function strangePrefix(source: string): string {
  if (source.startsWith('!')) return '**'
  const at = source.search(/(?<!\\)[@!+*?{[()|]/)
  const folder = source.slice(0, Math.max(0, source.lastIndexOf('/', at)))
  return folder === '' ? '**' : `${folder}/**`
}

/** Expands `{a,b{c,d}}`; undefined for a range, unbalanced braces or too many alternatives. */
function expandBraces(source: string): string[] | undefined {
  const done: string[] = []
  const open = [source]
  for (let text = open.pop(); text !== undefined; text = open.pop()) {
    const brace = findBrace(text)
    if (brace === undefined) done.push(text)
    else {
      const { start, end, parts } = brace
      if (parts === undefined) return undefined
      for (const part of parts) open.push(text.slice(0, start) + part + text.slice(end + 1))
    }
    if (done.length + open.length > MAX_ALTERNATIVES) return undefined
  }
  return done
}

/** The first brace and its parts; `parts` is undefined if they cannot be determined. */
function findBrace(
  text: string,
): { start: number; end: number; parts: string[] | undefined } | undefined {
  let start = -1
  let depth = 0
  let from = 0
  const parts: string[] = []
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    if (character === '\\') at += 1
    else if (character === '{') {
      depth += 1
      if (depth === 1) {
        start = at
        from = at + 1
      }
    } else if (character === ',' && depth === 1) {
      parts.push(text.slice(from, at))
      from = at + 1
    } else if (character === '}' && depth > 0) {
      depth -= 1
      if (depth > 0) continue
      parts.push(text.slice(from, at))
      return { start, end: at, parts: parts.length > 1 ? parts : undefined }
    }
  }
  return depth > 0 ? { start, end: text.length, parts: undefined } : undefined
}

function parseSegment(text: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? ''
    if (character === '\\' && at + 1 < text.length) {
      at += 1
      tokens.push({ kind: 'character', character: text[at] ?? '' })
    } else if (character === '*') {
      if (tokens.at(-1)?.kind !== 'any') tokens.push({ kind: 'any' })
    } else if (character === '?') tokens.push({ kind: 'one' })
    else if (character === '[') {
      const found = /^\[([!^]?)(\]?(?:\\.|[^\]\\])*)\]/.exec(text.slice(at))
      // Matchers disagree on unclosed brackets, so this may be anything.
      if (found === null) return [{ kind: 'any' }]
      tokens.push({ kind: 'class', holds: characterClass(found[2] ?? '', found[1] ?? '') })
      at += found[0].length - 1
    } else tokens.push({ kind: 'character', character })
  }
  return tokens
}

function characterClass(body: string, mark: string): (character: string) => boolean {
  // Named classes and escapes; and `!`, which means "not" to some matchers and itself to others.
  if (body.includes('[:') || body.includes('\\') || mark === '!') return () => true
  const ranges = [...body.matchAll(/([\s\S])-([\s\S])|([\s\S])/g)].map(
    ([, from = '', to = '', single = '']): [string, string] =>
      single === '' ? [from, to] : [single, single],
  )
  return (character) =>
    ranges.some(([from, to]) => from <= character && character <= to) !== (mark === '^')
}
