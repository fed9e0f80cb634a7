import type { Severity } from '../../core/contract/findings.ts'
import type { Perspective } from './options.ts'

/** The text of a rule about the places it applies to. */
export interface RuleText {
  /** kebab-case for our own rules, `plugin/name` for a linter's. */
  id: string
  /** Any of them enables the rule. */
  perspectives: readonly Perspective[]
  category: 'security' | 'performance' | 'testing' | 'architecture' | 'correctness'
  severity: Severity
  /** 0 to 1. */
  confidence: number
  title: string
  /** Why it matters. */
  detail: string
  recommendation: string
}

/** One place where a rule applies. Missing fields default to the rule's own. */
export interface Hit {
  rule: RuleText
  /** Relative to the workspace, with `/`. */
  file: string
  /** 1-based. */
  line: number
  /** The line of code, or what was measured, without secrets. */
  evidence: string
  severity?: Severity
  confidence?: number
  title?: string
  detail?: string
  recommendation?: string
}
