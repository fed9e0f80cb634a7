import type { Rule as Pattern, SgNode } from '@ast-grep/napi'
import type { Severity } from '../../../core/contract/findings.ts'
import type { FileRole } from '../files/kinds.ts'
import type { RuleText } from '../findings.ts'

/** A parsed file. */
export interface ParsedFile {
  path: string
  text: string
  role: FileRole
  root: SgNode
}

/** What a rule says of one match; `false` when it does not apply there. */
export type Verdict =
  | boolean
  | {
      severity?: Severity
      confidence?: number
      title?: string
      detail?: string
      /** Where to point at, instead of the matching node. */
      at?: SgNode
    }

/** A rule on the syntax tree of one file. */
export interface SyntaxRule extends RuleText {
  appliesTo: readonly FileRole[]
  /** A file whose text does not match all of them is not searched: far cheaper than the search. */
  hints: readonly RegExp[]
  find: Pattern
  /** Decides on a match what a pattern cannot say. */
  judge?: (match: SgNode, file: ParsedFile) => Verdict
}

/** Calls whose function, as it is written, matches `regex`. */
export function callTo(regex: string): Pattern {
  return { kind: 'call_expression', has: { field: 'function', regex } }
}
