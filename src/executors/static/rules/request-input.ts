import type { SgNode } from '@ast-grep/napi'
import {
  argumentsOf,
  calleeOf,
  enclosingFunctions,
  interpolations,
  kindOf,
  unwrap,
} from './syntax.ts'

// Follows a caller's input through the functions around a place: from `req.body` and the like,
// through variables, to where it is used. A value that passes through another function of the
// program is lost, which is the safe side for a rule that must not be wrong.

/** The frameworks' names for the parts of a request that its sender controls. */
const SOURCE =
  /^(?:(?:this\.)?(?:req|request|_req|httpRequest)|(?:ctx|context|c)\.req(?:uest)?)\??\.(?:(?:body|query|params|headers|cookies|files?|rawBody|originalUrl|url|hostname|nextUrl)\b|(?:param|query|header|get|json|text|formData|queries|parseBody)\()/
const KOA = /^(?:ctx|context)\.(?:params|query|querystring)\b/
const LAMBDA =
  /^event\.(?:body|queryStringParameters|pathParameters|headers|multiValueQueryStringParameters)\b/
const SEARCH = /(?:^|\.)searchParams\.(?:get|getAll)\(/

/** A file that does not match contains nothing that `isRequestInput` recognises. */
export const REQUEST_HINT =
  /\b(?:req|request|_req|httpRequest)\b|\b(?:ctx|context|event)\??\.|searchParams|\b(?:res|reply|response|rep)\b/

const HANDLER_RESPONSE = /^_?(?:res|reply|response|rep|h)$/
const REQUEST_PARTS = new Set(['body', 'query', 'params', 'headers', 'cookies', 'rawBody'])

/** Calls that pass on the text they get. */
const PASSES_ARGUMENT =
  /^(?:String|decodeURIComponent|decodeURI|JSON\.parse|Buffer\.from|(?:path\.(?:posix\.)?)?(?:join|resolve|normalize))$/
const PASSES_OBJECT =
  /\.(?:trim|trimStart|trimEnd|toString|toLowerCase|toUpperCase|slice|substring|substr|split|replace|replaceAll|concat|at|get|join|normalize|map|filter|flat|json|text)$/

/**
 * Whether a value comes from a request, entirely or partly. For a value deep in an expression,
 * `place` may be a node in the same functions that is closer to them.
 */
export function isRequestInput(value: SgNode, place = value): boolean {
  return comesFrom(value, requestNames(place))
}

/** The variables around a place that contain something from a request. */
function requestNames(place: SgNode): Set<string> {
  const names = new Set<string>()
  // From the outside in, because inner functions use the variables of outer ones.
  for (const scope of enclosingFunctions(place).reverse()) {
    addParameters(scope, names)
    const declared = scope.findAll({ rule: { kind: 'variable_declarator' } })
    for (const declaration of declared) {
      const name = declaration.field('name')
      const value = declaration.field('value')
      if (name && value && comesFrom(value, names)) addNames(name, names)
    }
  }
  return names
}

/**
 * Handlers that destructure their request in the parameter: `async ({ body, params }, reply) =>`.
 */
function addParameters(scope: SgNode, names: Set<string>): void {
  const parameters = scope.field('parameters')?.namedChildren() ?? []
  const [first, second] = parameters.filter((child) => child.kind() !== 'comment')
  const pattern = first?.children().find((child) => child.kind() === 'object_pattern')
  if (
    !pattern ||
    !second ||
    !HANDLER_RESPONSE.test(second.field('pattern')?.text() ?? second.text())
  ) {
    return
  }
  for (const child of pattern.namedChildren()) {
    const key = child.field('key')?.text() ?? child.text()
    if (REQUEST_PARTS.has(key)) addNames(child.field('value') ?? child, names)
  }
}

function addNames(pattern: SgNode, names: Set<string>): void {
  if (/^(?:identifier|shorthand_property_identifier_pattern)$/.test(kindOf(pattern))) {
    names.add(pattern.text())
    return
  }
  if (pattern.kind() === 'pair_pattern') {
    const value = pattern.field('value')
    if (value) addNames(value, names)
    return
  }
  if (kindOf(pattern).endsWith('pattern')) {
    // In `{ a = 1 }` the name is on the left.
    const parts = kindOf(pattern).includes('assignment')
      ? [pattern.field('left')]
      : pattern.namedChildren()
    for (const part of parts) if (part) addNames(part, names)
  }
}

function comesFrom(given: SgNode, names: ReadonlySet<string>): boolean {
  const node = unwrap(given)
  const text = node.text()
  switch (node.kind()) {
    case 'identifier':
      return names.has(text)
    case 'member_expression':
    case 'subscript_expression': {
      if (text.endsWith('.length')) return false
      const object = node.field('object')
      return isSource(text) || (object !== null && comesFrom(object, names))
    }
    case 'call_expression': {
      if (isSource(text)) return true
      const callee = calleeOf(node)
      if (PASSES_ARGUMENT.test(callee)) {
        return argumentsOf(node).some((argument) => comesFrom(argument, names))
      }
      const object = node.field('function')?.field('object')
      return PASSES_OBJECT.test(callee) && object != null && comesFrom(object, names)
    }
    case 'new_expression':
      return (
        /^new (?:URL|String|RegExp)\b/.test(text) &&
        argumentsOf(node).some((argument) => comesFrom(argument, names))
      )
    case 'template_string':
      return interpolations(node).some((part) => comesFrom(part, names))
    case 'binary_expression': {
      if (!/^(?:\+|\|\||\?\?|&&)$/.test(node.field('operator')?.text() ?? '')) return false
      return [node.field('left'), node.field('right')].some(
        (side) => side !== null && comesFrom(side, names),
      )
    }
    case 'ternary_expression':
      return [node.field('consequence'), node.field('alternative')].some(
        (branch) => branch !== null && comesFrom(branch, names),
      )
    default:
      return false
  }
}

function isSource(text: string): boolean {
  return SOURCE.test(text) || KOA.test(text) || LAMBDA.test(text) || SEARCH.test(text)
}

/** Whether a function handles requests, judging by its parameters or by what it is passed to. */
export function isRequestHandler(scope: SgNode): boolean {
  const parameters = scope.field('parameters')?.namedChildren().map(parameterName) ?? []
  const [first = '', second = ''] = parameters
  if (/^_?(?:req|request|ctx|context|c)$|^\{/.test(first) && HANDLER_RESPONSE.test(second))
    return true
  const call = scope.parent()?.parent()
  if (call?.kind() === 'call_expression') {
    return /(?:app|router|routes?|fastify|server|api)\.(?:get|post|put|patch|delete|all|use|route)$/i.test(
      calleeOf(call),
    )
  }
  if (scope.parent()?.kind() === 'pair' && scope.parent()?.field('key')?.text() === 'handler') {
    return parameters.length > 0
  }
  return (
    /^(?:GET|POST|PUT|PATCH|DELETE)$/.test(scope.field('name')?.text() ?? '') &&
    scope.parent()?.kind() === 'export_statement'
  )
}

function parameterName(parameter: SgNode): string {
  return parameter.field('pattern')?.text() ?? parameter.text()
}
