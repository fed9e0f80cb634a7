import type { Severity } from '../../core/contract/findings.ts'
import type { Perspective } from './options.ts'

/** What a rule says of a place it applies to. */
export interface RuleText {
  /** kebab-case for our own rules, `plugin/name` for those of a linter. */
  id: string
  /** Any of them makes the rule run. */
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

/** One place where a rule applies. What is not given is the rule's own. */
export interface Hit {
  rule: RuleText
  /** Relative to the workspace, with `/`. */
  file: string
  /** From 1. */
  line: number
  /** The line of code, or what was measured; without secrets. */
  evidence: string
  severity?: Severity
  confidence?: number
  title?: string
  detail?: string
  recommendation?: string
}
