import type { SgNode } from '@ast-grep/napi'
import { calleeOf, kindOf, stringValue } from '../rules/syntax.ts'

/** A reference from one file to another. */
export interface Import {
  specifier: string
  /** 1-based. */
  line: number
  /**
   * `static` runs the other file first; `dynamic` runs it later; `type` disappears when types are
   * stripped; `mention` is a string that names a source file, for a worker or a child process for
   * example; `folder` may name a folder that is loaded entirely.
   */
  kind: 'static' | 'dynamic' | 'type' | 'mention' | 'folder'
}

export interface FileImports {
  imports: Import[]
  /** Number of named exports. */
  exportCount: number
  /** Whether there is anything to run: false for files with only types, or with only re-exports. */
  runs: boolean
  /** Lines that are not blank. */
  codeLines: number
}

/** `import` with some white space after it. */
const LONGEST_KEYWORD = 10

const SOURCE_PATH = /^[\w@.~#/-]*\.[cm]?[jt]sx?$/

export function readImports(root: SgNode, text: string): FileImports {
  const imports: Import[] = []
  let exportCount = 0
  let runs = false
  for (const statement of root.namedChildren()) {
    const kind = statement.kind()
    if (kind === 'export_statement') exportCount += exportsOf(statement)
    runs ||= isRun(statement)
    if (kind === 'import_statement' || kind === 'export_statement') {
      const specifier =
        stringValue(statement.field('source')) ??
        stringValue(
          statement.find({ rule: { kind: 'string', inside: { kind: 'import_require_clause' } } }),
        )
      if (specifier !== undefined) {
        imports.push({
          specifier,
          line: lineOf(statement),
          kind: isTypeOnly(statement) ? 'type' : 'static',
        })
      }
    }
  }
  imports.push(...callsOf(root, text), ...mentionsOf(root, text), ...foldersOf(root, text))
  return {
    imports,
    exportCount,
    runs,
    codeLines: text.split('\n').filter((line) => line.trim() !== '').length,
  }
}

function callsOf(root: SgNode, text: string): Import[] {
  if (!/\brequire\b|\bimport\s*\(/.test(text)) return []
  const calls = root.findAll({
    rule: {
      kind: 'call_expression',
      has: {
        field: 'function',
        regex: '^(?:require|import|require\\.resolve|import\\.meta\\.resolve)$',
      },
    },
  })
  return calls.flatMap((call) => {
    const specifier = stringValue(call.field('arguments')?.namedChildren()[0])
    if (specifier === undefined) return []
    const isTop =
      calleeOf(call) === 'require' &&
      !call.ancestors().some((node) => /function|method/.test(kindOf(node)))
    return [
      { specifier, line: lineOf(call), kind: isTop ? ('static' as const) : ('dynamic' as const) },
    ]
  })
}

/**
 * Strings that name a source file: `new URL('./worker.ts', import.meta.url)`,
 * `fork('src/child.js')`.
 */
function mentionsOf(root: SgNode, text: string): Import[] {
  if (!mentionsSource(text)) return []
  return root
    .findAll({ rule: { kind: 'string_fragment', regex: '\\.[cm]?[jt]sx?$' } })
    .filter((fragment) => SOURCE_PATH.test(fragment.text()))
    .filter(
      (fragment) => !/^(?:import|export)_statement$/.test(kindOf(fragment.parent()?.parent())),
    )
    .map((fragment) => ({ specifier: fragment.text(), line: lineOf(fragment), kind: 'mention' }))
}

/** Whether a string names a source file without being the source of an import or export. */
function mentionsSource(text: string): boolean {
  for (const { 0: ending, index } of text.matchAll(/\.[cm]?[jt]sx?['"`\\$]/g)) {
    const start = text.lastIndexOf(ending.at(-1) as string, index)
    const before = text.slice(Math.max(0, start - LONGEST_KEYWORD), Math.max(0, start))
    if (!/\b(?:from|import)\s*$/.test(before)) return true
  }
  return false
}

/**
 * Strings that may name a folder, in files that load folders: Fastify's autoload,
 * `import.meta.glob`.
 */
function foldersOf(root: SgNode, text: string): Import[] {
  if (!/autoload|import\.meta\.glob|require\.context|readdir/i.test(text)) return []
  return root
    .findAll({ rule: { kind: 'string_fragment', regex: '^[\\w@./-]+(?:/\\*.*)?$' } })
    .map((fragment) => ({
      specifier: fragment.text().replace(/\/\*.*$/, ''),
      line: lineOf(fragment),
      kind: 'folder',
    }))
}

/** `import type …`, `export type …`, and imports in which every name is a type. */
function isTypeOnly(statement: SgNode): boolean {
  // Most name no type, and a look at the text is far cheaper than one at the tree.
  if (!/\btype\b/.test(statement.text())) return false
  if (statement.children().some((child) => child.kind() === 'type')) return true
  const names = statement.findAll({
    rule: { any: [{ kind: 'import_specifier' }, { kind: 'export_specifier' }] },
  })
  const clause = statement
    .namedChildren()
    .find((child) => /^(?:import|export)_clause$/.test(kindOf(child)))
  if (names.length === 0 || !clause) return false
  // A default import or a namespace comes next to the braces.
  if (
    clause.kind() === 'import_clause' &&
    clause.namedChildren().some((child) => child.kind() !== 'named_imports')
  )
    return false
  return names.every((name) => name.child(0)?.kind() === 'type')
}

function exportsOf(statement: SgNode): number {
  const clause = statement.namedChildren().find((child) => child.kind() === 'export_clause')
  return clause ? clause.namedChildren().length : 1
}

const TYPES =
  /^(?:interface_declaration|type_alias_declaration|ambient_declaration|import_statement|comment|empty_statement|hash_bang_line)$/

function isRun(statement: SgNode): boolean {
  if (TYPES.test(kindOf(statement))) return false
  if (statement.kind() !== 'export_statement') return true
  if (
    statement.field('source') ||
    statement.namedChildren().some((child) => child.kind() === 'export_clause')
  )
    return false
  const declaration = statement.field('declaration')
  return declaration === null || !TYPES.test(kindOf(declaration))
}

function lineOf(node: SgNode): number {
  return node.range().start.line + 1
}
