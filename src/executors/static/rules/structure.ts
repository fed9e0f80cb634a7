import type { SgNode } from '@ast-grep/napi'
import { grammarOf } from '../files/kinds.ts'
import { callTo, type ParsedFile, type SyntaxRule, type Verdict } from './rule.ts'
import { calleeOf, nameOfTarget, stringValue } from './syntax.ts'

const ARCHITECTURE = {
  perspectives: ['architecture'],
  category: 'architecture',
  appliesTo: ['source'],
} as const

const LONG_FUNCTION_LINES = 100
const VERY_LONG_FUNCTION_LINES = 200
/** At least as many lines as a long function has. */
const LONG_TEXT = /^(?:.*\n){100}/

const DEEP_IMPORT_STEPS = 4

const FUNCTION_KINDS = [
  'arrow_function',
  'function_expression',
  'function_declaration',
  'generator_function',
  'generator_function_declaration',
  'method_definition',
].map((kind) => ({ kind }))

function judgeLength(scope: SgNode, file: ParsedFile): Verdict {
  const total = linesOf(scope)
  if (total <= LONG_FUNCTION_LINES) return false
  // A plugin or factory is long because of the functions in it, which are judged separately; tables
  // and markup are easy to scan.
  const parts = scope.findAll({ rule: { any: [...FUNCTION_KINDS, ...literalKinds(file)] } })
  const own = total - linesWithin(parts.filter((node) => node.id() !== scope.id()))
  if (own <= LONG_FUNCTION_LINES) return false
  return {
    ...(own > VERY_LONG_FUNCTION_LINES && { severity: 'medium' as const, confidence: 0.7 }),
    title: `Function of ${own} lines${functionName(scope)}`,
  }
}

function functionName(scope: SgNode): string {
  const call = scope.parent()?.parent()
  const name =
    scope.field('name')?.text() ??
    (call?.kind() === 'call_expression' ? undefined : nameOfTarget(scope))
  return name !== undefined && /^[\w$.#]{1,60}$/.test(name) ? ` (\`${name}\`)` : ''
}

function linesOf(node: SgNode): number {
  const { start, end } = node.range()
  return end.line - start.line + 1
}

/**
 * Lines of nodes without their first line, counting nested nodes once. Nodes are in source order.
 */
function linesWithin(nodes: readonly SgNode[]): number {
  let lines = 0
  let end = -1
  for (const node of nodes) {
    const range = node.range()
    if (range.start.index < end) continue
    end = range.end.index
    lines += range.end.line - range.start.line
  }
  return lines
}

function literalKinds(file: ParsedFile): { kind: string }[] {
  const kinds = ['object', 'array', 'template_string']
  // The plain TypeScript grammar has no markup and rejects its node names.
  if (grammarOf(file.path) === 'Tsx') kinds.push('jsx_element', 'jsx_self_closing_element')
  return kinds.map((kind) => ({ kind }))
}

function judgeDepth(match: SgNode, file: ParsedFile): Verdict {
  const specifier = stringValue(match.field('source'))
  const steps = /^(?:\.\.\/)+/.exec(specifier ?? '')?.[0].length ?? 0
  return (
    steps / 3 >= DEEP_IMPORT_STEPS && !/^(?:.*\/)?(?:generated|__generated__)\//.test(file.path)
  )
}

function judgeTestImport(match: SgNode): Verdict {
  const specifier =
    stringValue(match.field('source')) ??
    (calleeOf(match) === 'require'
      ? stringValue(match.field('arguments')?.namedChildren()[0])
      : undefined)
  return (
    specifier?.startsWith('.') === true &&
    /(?:^|\/)(?:__tests__|__mocks__)\/|\.(?:test|spec)(?:\.[cm]?[jt]sx?)?$|^(?:\.\.\/)+tests?\//.test(
      specifier,
    )
  )
}

export const STRUCTURE_RULES: SyntaxRule[] = [
  {
    ...ARCHITECTURE,
    id: 'long-function',
    severity: 'low',
    confidence: 0.6,
    title: 'Long function',
    detail:
      'Functions, tables and markup inside it are not counted. Nobody can keep this much in mind, and its parts cannot be tested one by one.',
    recommendation: 'Name its steps and move each into a function of its own.',
    hints: [LONG_TEXT],
    find: { any: FUNCTION_KINDS },
    judge: judgeLength,
  },
  {
    ...ARCHITECTURE,
    id: 'deep-relative-import',
    severity: 'info',
    confidence: 0.7,
    title: 'Import from far away',
    detail:
      'It climbs four folders or more: the file knows a part of the tree that is not its own, and moves with it.',
    recommendation:
      'Move what is shared closer, or give it a name (`imports` in package.json, `paths` in tsconfig.json).',
    hints: [/(?:\.\.\/){4}/],
    find: {
      any: [
        { kind: 'import_statement' },
        { kind: 'export_statement', has: { field: 'source', kind: 'string' } },
      ],
    },
    judge: judgeDepth,
  },
  {
    ...ARCHITECTURE,
    id: 'import-from-tests',
    severity: 'medium',
    confidence: 0.9,
    title: 'Source imports from tests',
    detail:
      'What runs in production depends on code that was written for tests and is often not shipped.',
    recommendation: 'Move what both need into the source.',
    hints: [/(?:__tests__|__mocks__|\.(?:test|spec)|tests?\/)/],
    find: { any: [{ kind: 'import_statement' }, callTo('^require$')] },
    judge: judgeTestImport,
  },
]
