import type { SgNode } from '@ast-grep/napi'
import type { ParsedFile, SyntaxRule, Verdict } from './rule.ts'
import {
  ancestorsInFunction,
  calleeName,
  calleeOf,
  enclosingFunctions,
  isFunction,
  kindOf,
  unwrap,
} from './syntax.ts'

const PERFORMANCE = {
  perspectives: ['performance'],
  category: 'performance',
  appliesTo: ['source'],
} as const

const QUERY_NAME =
  /^(?:findOne|findUnique|findFirst|findById|findByPk|findMany|findAll|findBy[A-Z]\w*|getById|query|queryOne|execute|aggregate|countDocuments|queryRaw|\$queryRaw|updateOne|insertOne|upsert|create|update|delete|insert|select|save)$/
const CALLS_QUERY = new RegExp(`\\.\\s*${QUERY_NAME.source.slice(1, -1)}(?![\\w$])`)
const DATABASE_NAME =
  /(?:^|[a-z_])(?:db|prisma|knex|repo|repository|model|pool|connection|collection|sequelize|mongoose|entitymanager|database|dao|tx|trx)$/i
/** Names that only queries have, whatever the object: `User.findByPk`. */
const SURE_QUERY_NAME =
  /^(?:findUnique|findById|findByPk|findOne|findMany|findFirst|countDocuments|insertOne|updateOne)$/
const NETWORK = /^(?:fetch|\$fetch|axios|got|ky|needle)(?:\.(?:get|post|put|patch|delete|head))?$/

/** Loops whose steps are sequential by nature. */
const ORDERED_LOOP = /attempt|retr(?:y|ies)|page|cursor|offset|batch|chunk|migration/i
const ORDER_COMMENT =
  /(?:\/\/|\/\*|^\s*\*).{0,500}(?:one (?:at a time|after|by one)|in (?:order|sequence|turn)|sequential|serial|not (?:in )?parallel|rate limit|backpressure|on purpose|must (?:run|be|wait))/i

/**
 * The innermost loop over elements around a node, in the same function, with the node in its body.
 */
function loopAround(node: SgNode, file: ParsedFile): SgNode | undefined {
  const path = [node, ...ancestorsInFunction(node)]
  for (const [index, ancestor] of path.entries()) {
    if (index === 0 || !/^for_(?:in_)?statement$/.test(kindOf(ancestor))) continue
    const body = ancestor.field('body')
    if (!body || path[index - 1]?.id() !== body.id()) continue
    const header = ancestor.text().slice(0, body.range().start.index - ancestor.range().start.index)
    if (/^for\s+await\b/.test(header) || ORDERED_LOOP.test(header)) return undefined
    return hasOrderComment(ancestor, file) ? undefined : ancestor
  }
  return undefined
}

function hasOrderComment(loop: SgNode, file: ParsedFile): boolean {
  const { start, end } = loop.range()
  return file.text
    .split('\n')
    .slice(Math.max(0, start.line - 4), end.line + 1)
    .some((line) => ORDER_COMMENT.test(line))
}

/** Names declared in the head of a loop: `id` in `for (const id of ids)`. */
function loopNames(loop: SgNode): string[] {
  const left = loop.field('left') ?? loop.field('initializer')
  return (
    left
      ?.text()
      .match(/[A-Za-z_$][\w$]*/g)
      ?.filter((name) => !/^(?:const|let|var)$/.test(name)) ?? []
  )
}

function judgeAwait(match: SgNode, file: ParsedFile): Verdict {
  const call = unwrap(match)
  if (call.kind() !== 'call_expression' || isQuery(call)) return false
  const loop = loopAround(match, file)
  const body = loop?.field('body')
  if (!loop || !body) return false
  const names = loopNames(loop)
  // Only requests made for each element, whose results are kept, are certain to be a map in
  // disguise.
  if (
    !names.some((name) =>
      new RegExp(`(?<![\\w$])${name.replace(/\$/g, '\\$')}(?![\\w$])`).test(call.text()),
    )
  ) {
    return false
  }
  const isNetwork = NETWORK.test(calleeOf(call))
  if (!isNetwork && !isCollected(match, body)) return false
  const own = ownStatements(body)
  // A loop that can stop early must not start later steps.
  if (own.some((node) => /^(?:break|return|throw|yield)_/.test(kindOf(node)))) return false
  // A later step may need what an earlier one stores in an outer variable.
  if (own.some((node) => writesOutside(node, body))) return false
  return isNetwork ? { severity: 'medium', confidence: 0.65 } : true
}

/** Whether the result of an `await` ends up in a list or map, directly or through a variable. */
function isCollected(awaited: SgNode, body: SgNode): boolean {
  for (const ancestor of awaited.ancestors()) {
    if (ancestor.id() === body.id() || isFunction(ancestor)) return false
    if (ancestor.kind() === 'call_expression')
      return /^(?:push|set|add)$/.test(calleeName(ancestor))
    if (ancestor.kind() === 'assignment_expression') {
      return ancestor.field('left')?.kind() === 'subscript_expression'
    }
    if (ancestor.kind() === 'variable_declarator') {
      const name = ancestor.field('name')
      if (name?.kind() !== 'identifier') return false
      const collecting = body.findAll({
        rule: { kind: 'call_expression', has: { field: 'function', regex: '\\.(?:push|set)$' } },
      })
      return collecting.some((call) =>
        new RegExp(`\\b${name.text().replace(/\$/g, '\\$')}\\b`).test(
          call.field('arguments')?.text() ?? '',
        ),
      )
    }
  }
  return false
}

/** The nodes in a block that control a loop, excluding nested functions. */
function ownStatements(body: SgNode): SgNode[] {
  const kinds = [
    'break_statement',
    'return_statement',
    'throw_statement',
    'yield_expression',
    'assignment_expression',
    'augmented_assignment_expression',
    'update_expression',
  ]
  const found = body.findAll({ rule: { any: kinds.map((kind) => ({ kind })) } })
  const end = body.id()
  return found.filter((node) => {
    for (const ancestor of node.ancestors()) {
      if (ancestor.id() === end) return true
      if (isFunction(ancestor)) return false
    }
    return true
  })
}

function writesOutside(node: SgNode, body: SgNode): boolean {
  const target = node.field('left') ?? node.field('argument')
  if (target?.kind() !== 'identifier') return false
  const name = target.text().replace(/\$/g, '\\$')
  const declaration = {
    kind: 'variable_declarator',
    has: { field: 'name', regex: `\\b${name}\\b` },
  }
  return body.find({ rule: declaration }) === null
}

function isQuery(call: SgNode): boolean {
  const name = calleeName(call)
  const object = call.field('function')?.field('object')
  if (!object || !QUERY_NAME.test(name)) return false
  // `prisma.user` belongs to a database too; a chain of calls is named after its first part.
  const words = object.text().split(/[.(\s]/, 3)
  if (words.some((word) => DATABASE_NAME.test(word))) return true
  return SURE_QUERY_NAME.test(name) && /^[A-Z]\w*$/.test(object.text())
}

function judgeQuery(call: SgNode, file: ParsedFile): Verdict {
  if (!isQuery(call)) return false
  const isAwaited = call
    .ancestors()
    .some(
      (ancestor) => ancestor.kind() === 'await_expression' && unwrap(ancestor).id() === call.id(),
    )
  if (isAwaited && loopAround(call, file)) return true
  const callback = enclosingFunctions(call)[0]
  const handedTo = callback?.parent()?.parent()
  if (
    handedTo?.kind() !== 'call_expression' ||
    !/\.(?:map|forEach|flatMap)$/.test(calleeOf(handedTo))
  )
    return false
  // `map` of an in-memory list may share a name with a query, but a promise in it does not.
  return (
    isAwaited ||
    handedTo
      .ancestors()
      .some(
        (ancestor) =>
          ancestor.kind() === 'call_expression' && calleeOf(ancestor).startsWith('Promise.'),
      )
  )
}

export const LOOP_RULES: SyntaxRule[] = [
  {
    ...PERFORMANCE,
    id: 'await-in-loop',
    severity: 'low',
    confidence: 0.6,
    title: 'Elements of a list wait for each other',
    detail:
      'Each call starts when the one before it has ended, and none seems to need the one before: the times add up.',
    recommendation:
      'Start them together (`Promise.all` over a `map`, with a limit for long lists), or say in a comment why they run one at a time.',
    hints: [
      /\bawait\b/,
      /\bfor\s*\(/,
      // What keeps a result, or makes a request.
      /\b(?:push|set|add|fetch|axios|got|ky|needle)\b|\]\s*=/,
    ],
    find: { kind: 'await_expression' },
    judge: judgeAwait,
  },
  {
    ...PERFORMANCE,
    id: 'query-in-loop',
    severity: 'medium',
    confidence: 0.7,
    title: 'A query for each element of a list',
    detail:
      'The number of queries grows with the list (N+1): a hundred elements cost a hundred round trips.',
    recommendation:
      'Ask once for all elements (`IN`, a join, `include`, a data loader) and pick from the answer.',
    hints: [
      /\bfor\s*(?:await\s*)?\(|\.(?:map|forEach|flatMap)\(/,
      CALLS_QUERY,
      /(?:db|prisma|knex|repo|repository|model|pool|connection|collection|sequelize|mongoose|manager|database|dao|tx|trx)\b|\.(?:find[A-Z]\w+|countDocuments|insertOne|updateOne)\(/i,
    ],
    find: {
      kind: 'call_expression',
      has: { field: 'function', has: { field: 'property', regex: QUERY_NAME.source } },
    },
    judge: judgeQuery,
  },
]
