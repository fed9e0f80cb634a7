import { type GlobNode, parseGlobNodes } from './glob-nodes.ts'
import { compileNodes, runProgram, type Steps } from './glob-program.ts'

/** Tests whether a path matches, in time proportional to glob times path, whatever they contain. */
export type GlobMatch = (path: string, steps?: Steps) => boolean

type Wildcard = Exclude<GlobNode, { kind: 'group' | 'folders' | 'below' | 'everything' }>

/** One name in a path, or any number of them. */
type Segment = '**' | { matches: (name: string, steps: Steps) => boolean }

/**
 * Compiles a glob for paths with `/`. It supports `*`, `**`, `?`, `[a-z]`, `{a,b}`, `{1..9}`,
 * `(a|b)`, `\\` and the extended `@(…)`, `?(…)`, `*(…)`, `+(…)` and `!(…)`, as Bash does with
 * `dotglob` and `globstar`. Brackets that are not closed match literally. No glob can run for ever:
 * see `Steps` and its test. Each `!(…)` adds a factor of the length of a name.
 */
export function compileGlob(source: string): GlobMatch {
  const nodes = parseGlobNodes(source.replace(/^(?:\.\/)+/, ''))
  const segments = segmentsOf(nodes)
  if (segments === undefined) {
    const program = compileNodes(nodes)
    return (path, steps = { count: 0 }) => runProgram(program, path, steps)
  }
  return (path, steps = { count: 0 }) =>
    sequenceMatches(segments, path.split('/'), {
      isMany: (segment) => segment === '**',
      takes: (segment, name) => segment !== '**' && segment.matches(name, steps),
    })
}

/** The glob split into names; `undefined` if a group spans several names. */
function segmentsOf(nodes: readonly GlobNode[]): Segment[] | undefined {
  const segments: Segment[] = []
  let name: GlobNode[] = []
  let isOpen = true
  for (const node of nodes) {
    if (node.kind === 'character' && node.character === '/') {
      segments.push(segmentOf(name))
      name = []
    } else if (node.kind === 'folders') segments.push('**')
    else if (node.kind === 'below') {
      segments.push(segmentOf(name), '**')
      isOpen = false
    } else if (node.kind === 'everything') {
      segments.push('**')
      isOpen = false
    } else if (crossesNames(node)) return undefined
    else name.push(node)
  }
  if (isOpen) segments.push(segmentOf(name))
  return segments
}

function crossesNames(node: GlobNode): boolean {
  if (node.kind === 'character') return node.character === '/'
  if (node.kind === 'group') return node.alternatives.some((part) => part.some(crossesNames))
  return node.kind === 'folders' || node.kind === 'below' || node.kind === 'everything'
}

function segmentOf(nodes: readonly GlobNode[]): Exclude<Segment, '**'> {
  const wildcards = nodes.filter((node): node is Wildcard => isWildcard(node))
  if (wildcards.length < nodes.length) {
    const program = compileNodes(nodes)
    return { matches: (name, steps) => runProgram(program, name, steps) }
  }
  if (wildcards.every((node) => node.kind === 'character')) {
    const text = wildcards.map(({ character }) => character).join('')
    return {
      matches(name, steps) {
        steps.count += 1
        return name === text
      },
    }
  }
  return {
    matches: (name, steps) =>
      sequenceMatches(wildcards, name, {
        isMany: ({ kind }) => kind === 'any',
        takes(node, character) {
          steps.count += 1
          if (node.kind === 'character') return node.character === character
          return node.kind === 'class' ? node.holds(character) : node.kind === 'one'
        },
      }),
  }
}

function isWildcard({ kind }: GlobNode): boolean {
  return kind === 'character' || kind === 'class' || kind === 'one' || kind === 'any'
}

/**
 * Whether a pattern matches a whole sequence, where some of its items stand for any number of
 * things. Backtracking is only needed for the last of those: everything before it is matched as
 * early as possible, so no item is compared with the same thing twice on its account.
 */
function sequenceMatches<Item, Thing>(
  pattern: readonly Item[],
  sequence: { readonly length: number; readonly [index: number]: Thing },
  {
    isMany,
    takes,
  }: { isMany: (item: Item) => boolean; takes: (item: Item, thing: Thing) => boolean },
): boolean {
  let [item, at] = [0, 0]
  let [many, from] = [-1, 0]
  while (at < sequence.length) {
    const [wanted, thing] = [pattern[item], sequence[at]]
    if (wanted !== undefined && isMany(wanted)) {
      many = item
      from = at
      item += 1
    } else if (wanted !== undefined && thing !== undefined && takes(wanted, thing)) {
      item += 1
      at += 1
    } else if (many !== -1) {
      from += 1
      at = from
      item = many + 1
    } else return false
  }
  while (item < pattern.length) {
    const wanted = pattern[item]
    if (wanted === undefined || !isMany(wanted)) return false
    item += 1
  }
  return true
}
