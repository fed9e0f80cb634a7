/** A piece of a glob. */
export type GlobNode =
  | { kind: 'character'; character: string }
  | { kind: 'class'; holds: (character: string) => boolean }
  /** `?` */
  | { kind: 'one' }
  /** `*` */
  | { kind: 'any' }
  /** `**` together with the slash after it. */
  | { kind: 'folders' }
  /** `**` at the end, together with the slash before it. */
  | { kind: 'below' }
  /** `**` on its own. */
  | { kind: 'everything' }
  | {
      kind: 'group'
      times: 'once' | 'optional' | 'any' | 'some' | 'not'
      alternatives: GlobNode[][]
    }

const TIMES = { '@': 'once', '?': 'optional', '*': 'any', '+': 'some', '!': 'not' } as const

/** Groups nested deeper than this are taken literally: no honest glob has them. */
const MAX_DEPTH = 10

/** The total number of values that all ranges of a glob may expand to. */
const MAX_RANGES = 1_000

/** Characters per class. */
const MAX_CLASS = 200

/** Parses a glob into nodes. Accepts any text: brackets that are not closed are taken literally. */
export function parseGlobNodes(source: string): GlobNode[] {
  return parse(source, {
    closers: closersOf(source),
    from: 0,
    to: source.length,
    depth: 0,
    ranges: { left: MAX_RANGES },
  })
}

interface Span {
  /** Where each closed bracket ends; computed once, so that parsing takes linear time. */
  closers: ReadonlyMap<number, number>
  from: number
  to: number
  depth: number
  /** How many values ranges may still expand to. */
  ranges: { left: number }
  /**
   * Inside a `!(…)`. Another one nested in it would have to be tried at each character of a name.
   */
  refused?: boolean
}

function parse(source: string, span: Span): GlobNode[] {
  const { closers, from, to } = span
  const nodes: GlobNode[] = []
  let at = from
  while (at < to) {
    const character = source[at] ?? ''
    const closer = closers.get(at + 1)
    if (character === '\\' && at + 1 < to) {
      nodes.push({ kind: 'character', character: source[at + 1] ?? '' })
      at += 2
    } else if (source[at + 1] === '(' && closer !== undefined && isExtended(character, span)) {
      nodes.push(groupOf(source, { ...span, from: at + 2, to: closer }, TIMES[character]))
      at = closer + 1
    } else if (character === '*') {
      const end = endOfStars(source, at, to)
      at = pushStars(nodes, source, span, at, end)
    } else if (character === '?') {
      nodes.push({ kind: 'one' })
      at += 1
    } else if (character === '[') {
      const found = readClass(source, at, to)
      nodes.push(found?.node ?? { kind: 'character', character })
      at = found?.end ?? at + 1
    } else if ((character === '{' || character === '(') && closers.has(at)) {
      const end = closers.get(at) ?? at
      const inner = { ...span, from: at + 1, to: end }
      const group = character === '{' ? bracesOf(source, inner) : parenthesesOf(source, inner)
      if (group === undefined) {
        nodes.push({ kind: 'character', character })
        at += 1
      } else {
        nodes.push(group)
        at = end + 1
      }
    } else {
      nodes.push({ kind: 'character', character })
      at += 1
    }
  }
  return nodes
}

function isExtended(character: string, { depth, refused }: Span): character is keyof typeof TIMES {
  if (depth >= MAX_DEPTH || !Object.hasOwn(TIMES, character)) return false
  return character !== '!' || refused !== true
}

function endOfStars(source: string, at: number, to: number): number {
  let end = at
  // The star of `*(…)` belongs to the group after it.
  while (end < to && source[end] === '*' && (end === at || source[end + 1] !== '(')) end += 1
  return end
}

/** `**` crosses folders only as a whole name; next to other characters it is `*`. */
function pushStars(
  nodes: GlobNode[],
  source: string,
  { from, to }: Span,
  at: number,
  end: number,
): number {
  const startsName = at === from || source[at - 1] === '/'
  if (end - at === 2 && startsName) {
    if (end === to) {
      const before = nodes.at(-1)
      if (before?.kind === 'character' && before.character === '/') {
        nodes.splice(-1, 1, { kind: 'below' })
      } else nodes.push({ kind: 'everything' })
      return end
    }
    if (source[end] === '/') {
      nodes.push({ kind: 'folders' })
      return end + 1
    }
  }
  nodes.push({ kind: 'any' })
  return end
}

function groupOf(
  source: string,
  inner: Span,
  times: Extract<GlobNode, { kind: 'group' }>['times'],
): GlobNode {
  const span = {
    ...inner,
    depth: inner.depth + 1,
    refused: inner.refused === true || times === 'not',
  }
  const alternatives = partsOf(source, inner, '|').map(([from, to]) =>
    parse(source, { ...span, from, to }),
  )
  return { kind: 'group', times, alternatives }
}

/** `(a|b)` is either of them; `(a)` is a name that some frameworks give to folders. */
function parenthesesOf(source: string, inner: Span): GlobNode | undefined {
  if (inner.depth >= MAX_DEPTH || partsOf(source, inner, '|').length < 2) return undefined
  return groupOf(source, inner, 'once')
}

/** `{a,b}` and `{1..9}`; anything else is taken literally. */
function bracesOf(source: string, inner: Span): GlobNode | undefined {
  if (inner.depth >= MAX_DEPTH) return undefined
  const parts = partsOf(source, inner, ',')
  if (parts.length > 1) {
    const span = { ...inner, depth: inner.depth + 1 }
    const alternatives = parts.map(([from, to]) => parse(source, { ...span, from, to }))
    return { kind: 'group', times: 'once', alternatives }
  }
  const range = rangeOf(source.slice(inner.from, inner.to), inner.ranges)
  if (range === undefined) return undefined
  const alternatives = range.map((text) =>
    [...text].map((character): GlobNode => ({ kind: 'character', character })),
  )
  return { kind: 'group', times: 'once', alternatives }
}

function rangeOf(text: string, ranges: { left: number }): string[] | undefined {
  const [, first, last] = /^(-?\d{1,9}|[a-zA-Z])\.\.(-?\d{1,9}|[a-zA-Z])$/.exec(text) ?? []
  if (first === undefined || last === undefined) return undefined
  const isNumber = (end: string) => /\d$/.test(end)
  if (isNumber(first) !== isNumber(last)) return undefined
  const placeIn = (end: string) => (isNumber(end) ? Number(end) : end.charCodeAt(0))
  const [from, to] = [placeIn(first), placeIn(last)].sort((a, b) => a - b)
  if (from === undefined || to === undefined || to - from >= ranges.left) return undefined
  ranges.left -= to - from + 1
  const width = [first, last].some((end) => /^-?0\d/.test(end))
    ? Math.max(first.length, last.length)
    : 0
  return Array.from({ length: to - from + 1 }, (_, step) =>
    isNumber(first) ? String(from + step).padStart(width, '0') : String.fromCharCode(from + step),
  )
}

/** The parts of a group, split at `separator` where no nested group or class is open. */
function partsOf(source: string, { closers, from, to }: Span, separator: string) {
  const parts: [from: number, to: number][] = []
  let start = from
  for (let at = from; at < to; at += 1) {
    const character = source[at]
    if (character === '\\') at += 1
    else if (character === separator) {
      parts.push([start, at])
      start = at + 1
    } else {
      const closer = closers.get(at)
      if (closer !== undefined && closer < to) at = closer
    }
  }
  parts.push([start, to])
  return parts
}

/** Where each `(`, `{` and `[` is closed. */
function closersOf(source: string): Map<number, number> {
  const closers = new Map<number, number>()
  const open: { at: number; closes: string }[] = []
  for (let at = 0; at < source.length; at += 1) {
    const character = source[at]
    if (character === '\\') at += 1
    else if (character === '(') open.push({ at, closes: ')' })
    else if (character === '{') open.push({ at, closes: '}' })
    else if (character === '[') {
      const end = endOfClass(source, at, source.length)
      if (end === undefined) continue
      closers.set(at, end - 1)
      at = end - 1
    } else if (character === ')' || character === '}') {
      if (open.at(-1)?.closes !== character) continue
      const opened = open.pop()
      if (opened !== undefined) closers.set(opened.at, at)
    }
  }
  return closers
}

/** The index after the bracket that closes a class; a `]` at its start belongs to the class. */
function endOfClass(source: string, at: number, to: number): number | undefined {
  let end = at + 1
  if (source[end] === '!' || source[end] === '^') end += 1
  if (source[end] === ']') end += 1
  const last = Math.min(to, at + MAX_CLASS)
  for (; end < last; end += 1) {
    const character = source[end]
    // Names end at a slash, and no class continues beyond it.
    if (character === '/') return undefined
    if (character === '\\') end += 1
    else if (character === '[' && source[end + 1] === ':') {
      const named = /^\[:[a-z]{5,6}:\]/.exec(source.slice(end, end + 10))
      if (named !== null) end += named[0].length - 1
    } else if (character === ']') return end + 1
  }
  return undefined
}

const NAMED: Record<string, RegExp> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  digit: /[0-9]/,
  lower: /[a-z]/,
  upper: /[A-Z]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /\s/,
  word: /\w/,
  xdigit: /[A-Fa-f0-9]/,
}

function readClass(
  source: string,
  at: number,
  to: number,
): { node: GlobNode; end: number } | undefined {
  const end = endOfClass(source, at, to)
  if (end === undefined) return undefined
  const isNot = source[at + 1] === '!' || source[at + 1] === '^'
  const singles = new Set<string>()
  const ranges: [string, string][] = []
  const named: RegExp[] = []
  for (let next = at + (isNot ? 2 : 1); next < end - 1; next += 1) {
    const [, name] = /^\[:([a-z]{5,6}):\]/.exec(source.slice(next, next + 10)) ?? []
    const test = name === undefined ? undefined : NAMED[name]
    if (name !== undefined && test !== undefined) {
      named.push(test)
      next += name.length + 3
      continue
    }
    if (source[next] === '\\') next += 1
    const first = source[next] ?? ''
    if (source[next + 1] === '-' && next + 2 < end - 1) {
      next += source[next + 2] === '\\' ? 3 : 2
      ranges.push([first, source[next] ?? ''])
    } else singles.add(first)
  }
  const holds = (character: string) =>
    (singles.has(character) ||
      ranges.some(([from, last]) => from <= character && character <= last) ||
      named.some((test) => test.test(character))) !== isNot
  return { node: { kind: 'class', holds }, end }
}
