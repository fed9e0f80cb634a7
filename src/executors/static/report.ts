import type { Finding, Severity } from '../../core/contract/findings.ts'
import type { Perspective } from './options.ts'

/** The request for one analysis. It crosses a process boundary, so it is plain data. */
export interface AnalysisRequest {
  /** Absolute path of the workspace. */
  root: string
  globs: string[]
  perspectives: Perspective[]
  maxFindings: number
  /** An empty folder for this analysis; the creator removes it. */
  scratchDir: string
}

/** Files that were not looked at, or not completely, and why. */
export interface Omission {
  reason: string
  count: number
  /** Some of them, or all. */
  examples: string[]
}

export interface AnalysisReport {
  /** The most severe ones, at most as many as were requested. */
  findings: Finding[]
  /** Covers all findings, including those left out. */
  countBySeverity: Record<Severity, number>
  leftOutCount: number
  /** What ran, with its number of rules; `undefined` for a tool that does not count its rules. */
  tools: { name: string; ruleCount: number | undefined; fileCount: number }[]
  /** TypeScript and JavaScript files whose code was analysed. */
  analysedCount: number
  /** Files that were searched for secrets; 0 if that did not run. */
  searchedCount: number
  /** How many of the listed files the task's globs select. */
  selectedCount: number
  omissions: Omission[]
  /** Tools that failed, so that the review is incomplete. */
  failures: string[]
}

/** The answer of an analysis process. */
export type AnalysisAnswer =
  | { status: 'done'; report: AnalysisReport }
  | { status: 'failed'; message: string; stack: string }
