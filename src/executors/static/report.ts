import type { Finding, Severity } from '../../core/contract/findings.ts'
import type { Perspective } from './options.ts'

/** What one analysis is asked for. It crosses a process boundary, so it is plain data. */
export interface AnalysisRequest {
  /** Absolute path of the workspace. */
  root: string
  globs: string[]
  perspectives: Perspective[]
  maxFindings: number
  /** An empty folder of the analysis's own; its maker removes it. */
  scratchDir: string
}

/** Files that were not looked at, or not in full, and why. */
export interface Omission {
  reason: string
  count: number
  /** Some of them, or all. */
  examples: string[]
}

export interface AnalysisReport {
  /** The most severe ones, at most as many as were asked for. */
  findings: Finding[]
  /** Of all findings, those left out included. */
  countBySeverity: Record<Severity, number>
  leftOutCount: number
  /** What ran, with the number of its rules; `undefined` where a tool brings a set that it does not count. */
  tools: { name: string; ruleCount: number | undefined; fileCount: number }[]
  /** TypeScript and JavaScript files whose code was analysed. */
  analysedCount: number
  /** Files that were searched for secrets; 0 where that did not run. */
  searchedCount: number
  /** Files that the task's globs select, of all that were listed. */
  selectedCount: number
  omissions: Omission[]
  /** Tools that did not do their part, so that the review is not complete. */
  failures: string[]
}

/** What the process of an analysis answers. */
export type AnalysisAnswer =
  | { status: 'done'; report: AnalysisReport }
  | { status: 'failed'; message: string; stack: string }
