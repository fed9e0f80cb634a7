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

/** A rule's judgement of one match; `false` if it does not apply. */
export type Verdict =
  | boolean
  | {
      severity?: Severity
      confidence?: number
      title?: string
      detail?: string
      /** The node to point at instead of the matching one. */
      at?: SgNode
    }

/** A rule on the syntax tree of a single file. */
export interface SyntaxRule extends RuleText {
  appliesTo: readonly FileRole[]
  /**
   * A file whose text does not match all of these is skipped, which is far cheaper than searching
   * it.
   */
  hints: readonly RegExp[]
  find: Pattern
  /** Decides what the pattern cannot express. */
  judge?: (match: SgNode, file: ParsedFile) => Verdict
}

/** Calls whose callee, as written, matches `regex`. */
export function callTo(regex: string): Pattern {
  return { kind: 'call_expression', has: { field: 'function', regex } }
}
