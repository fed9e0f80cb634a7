import type { SgNode } from '@ast-grep/napi'

// Helpers for nodes of the TypeScript grammar that several rules use.

const FUNCTIONS = new Set([
  'arrow_function',
  'function_expression',
  'function_declaration',
  'generator_function',
  'generator_function_declaration',
  'method_definition',
])

/** The kind of a node as the grammar names it; empty for no node. */
export function kindOf(node: SgNode | null | undefined): string {
  return node ? String(node.kind()) : ''
}

export function isFunction(node: SgNode): boolean {
  return FUNCTIONS.has(kindOf(node))
}

/** The functions around a node, innermost first. */
export function enclosingFunctions(node: SgNode): SgNode[] {
  return node.ancestors().filter(isFunction)
}

/** The ancestors of a node up to, but excluding, the function it runs in. */
export function ancestorsInFunction(node: SgNode): SgNode[] {
  const ancestors = node.ancestors()
  const end = ancestors.findIndex(isFunction)
  return end < 0 ? ancestors : ancestors.slice(0, end)
}

/** The callee as written: `db.query` in `db.query(x)`. */
export function calleeOf(call: SgNode): string {
  return call.field('function')?.text() ?? ''
}

/** The last name of the callee: `query` in `db.query(x)`. */
export function calleeName(call: SgNode): string {
  return /(?<![\w$#])[\w$#]+$/.exec(calleeOf(call))?.[0] ?? ''
}

export function argumentsOf(call: SgNode): SgNode[] {
  const list = call.field('arguments')
  if (list?.kind() !== 'arguments') return []
  return list.namedChildren().filter((child) => child.kind() !== 'comment')
}

/** The value of a string without interpolations. */
export function stringValue(node: SgNode | null | undefined): string | undefined {
  if (!node) return undefined
  const kind = node.kind()
  if (kind !== 'string' && kind !== 'template_string') return undefined
  if (node.children().some((child) => child.kind() === 'template_substitution')) return undefined
  return node.text().slice(1, -1)
}

/** Strips `await`, parentheses, `as T`, `satisfies T` and `!`. */
export function unwrap(node: SgNode): SgNode {
  let current = node
  while (
    /^(?:await|parenthesized|as|satisfies|non_null|type_assertion)(?:_expression)?$/.test(
      kindOf(current),
    )
  ) {
    const inner = current.namedChildren().find((child) => child.kind() !== 'comment')
    if (!inner) return current
    current = inner
  }
  return current
}

/**
 * Whether a value is fixed when the code is written: literals, names in capitals, and expressions
 * of only these.
 */
export function isConstant(given: SgNode): boolean {
  const node = unwrap(given)
  switch (node.kind()) {
    case 'string':
    case 'number':
    case 'true':
    case 'false':
    case 'null':
    case 'undefined':
    case 'regex':
      return true
    case 'template_string':
      return interpolations(node).every(isConstant)
    case 'binary_expression':
    case 'ternary_expression':
      return node
        .namedChildren()
        .slice(node.kind() === 'ternary_expression' ? 1 : 0)
        .every(isConstant)
    case 'identifier':
    case 'member_expression':
      return /^(?:\w+\.)*[A-Z][A-Z0-9_]*$/.test(node.text())
    case 'array':
      return node.namedChildren().every(isConstant)
    default:
      return false
  }
}

/** Longer sums are data, not text that somebody reads. */
const MAX_PARTS = 100

/** The expressions in a template string, or the first non-constant parts of a `+` chain. */
export function interpolations(node: SgNode): SgNode[] {
  const parts: SgNode[] = []
  // An explicit stack, because a sum may have thousands of nested terms.
  const pending = [node]
  for (let next = pending.pop(); next && parts.length < MAX_PARTS; next = pending.pop()) {
    const part = unwrap(next)
    if (part.kind() === 'template_string') {
      for (const child of part.namedChildren()) {
        if (child.kind() === 'template_substitution') parts.push(...child.namedChildren())
      }
    } else if (part.kind() === 'binary_expression' && part.field('operator')?.text() === '+') {
      for (const side of [part.field('right'), part.field('left')]) if (side) pending.push(side)
    } else if (part.id() !== node.id() && stringValue(part) === undefined) {
      parts.push(part)
    }
  }
  return parts
}

/** Whether a value is a text that contains something not fixed when the code is written. */
export function isBuiltText(given: SgNode): boolean {
  const node = unwrap(given)
  if (node.kind() === 'binary_expression' && !/['"`]/.test(node.text())) return false
  return interpolations(node).some((part) => !isConstant(part))
}

/** The value of a property in an object literal. */
export function propertyOf(object: SgNode | undefined, name: string): SgNode | undefined {
  if (object?.kind() !== 'object') return undefined
  for (const child of object.namedChildren()) {
    if (child.kind() !== 'pair') continue
    if (
      child
        .field('key')
        ?.text()
        .replace(/^['"]|['"]$/g, '') === name
    )
      return child.field('value') ?? undefined
  }
  return undefined
}

/** The name that a value is given: that of the variable, property or assignment it is in. */
export function nameOfTarget(node: SgNode): string | undefined {
  for (const ancestor of node.ancestors()) {
    switch (ancestor.kind()) {
      case 'variable_declarator':
      case 'public_field_definition':
        return ancestor.field('name')?.text()
      case 'pair':
        return ancestor.field('key')?.text()
      case 'assignment_expression':
        return ancestor.field('left')?.text()
      case 'function_declaration':
      case 'method_definition':
        return ancestor.field('name')?.text()
      case 'statement_block':
        // A function body: the function's name tells what it makes. Any other block tells nothing.
        break
      default:
    }
  }
  return undefined
}

/** 1-based. */
export function lineOf(node: SgNode): number {
  return node.range().start.line + 1
}
