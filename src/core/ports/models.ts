import type { Allowance } from '../budget/allowance.ts'
import type { Failure } from '../contract/errors.ts'
import type { Finding } from '../contract/findings.ts'
import type { TaskStatus } from '../contract/status.ts'
import type { Conflict } from '../contract/synthesis.ts'
import type { Usage } from '../contract/usage.ts'
import type { Vote } from '../contract/verification.ts'
import type { TaskEdits } from './executor.ts'

/** One task's part of what a synthesis is made of. */
export interface TaskResult {
  taskId: string
  description: string
  status: TaskStatus
  text: string
  findings: Finding[]
  /** The text has been searched: it holds no findings beside these. */
  isSearched?: true
  /** Of the findings, where they are not all of the task's, which are numbered from 1. */
  refs?: string[]
  edits?: TaskEdits
  error?: Failure
}

export interface SynthesisInput {
  title: string
  /** The plan's shared context. */
  context: string
  instructions: string | undefined
  outputSchema: Record<string, unknown> | undefined
  results: TaskResult[]
}

/** A synthesis before the ledger was checked. Findings of tasks are named by `findingRef`. */
export interface SynthesisDraft {
  summary: string
  findings: {
    title: string
    severity: Finding['severity']
    confidence: number
    category?: string | undefined
    file?: string | undefined
    line?: number | undefined
    detail: string
    recommendation?: string | undefined
    /** Refs of the task findings that are in it, at least one. */
    from: string[]
  }[]
  dropped: { finding: string; reason: string }[]
  /** Refs that a part left out without a reason, and that were put back there. */
  putBack?: string[]
  conflicts: Conflict[]
  /** `findings` are indexes into `findings` above. */
  actions: { action: string; why: string; findings: number[] }[]
  data?: unknown
  usage: Usage
  model?: string
}

/** Writes syntheses with a model. The deterministic merge needs no port: it is in core. */
export interface ModelSynthesizer {
  /**
   * @throws {TransientError} Tried again, then replaced by the deterministic merge.
   * @throws Any other error: replaced by the deterministic merge at once.
   */
  synthesize(
    input: SynthesisInput,
    options: {
      model: string | undefined
      signal: AbortSignal
      onUsage(usage: Usage): void
      allowance?: Allowance | undefined
    },
  ): Promise<SynthesisDraft>
}

/**
 * Proposes what a file in conflict should be: its whole text. A side that does not exist is undefined.
 *
 * @throws Any error: there is no proposal then.
 */
export type ConflictResolver = (
  request: {
    /** Of the plan. */
    title: string
    path: string
    /** The owners of both sides; the last one is of `theirs`. */
    tasks: { taskId: string; description: string }[]
    base: string | undefined
    ours: string | undefined
    theirs: string | undefined
  },
  options: {
    model: string | undefined
    signal: AbortSignal
    onUsage(usage: Usage): void
    allowance?: Allowance | undefined
  },
) => Promise<{ text: string; model: string }>

/** A finding as a verifier sees it: without who reported it, why, and what they recommend. */
export interface Claim {
  title: string
  detail: string | undefined
  file: string
  line: number | undefined
  /** What the file holds around the place, each line with its number. */
  excerpt: string
}

/** What one verifier answers at most, in tokens; what it is shown, in characters. */
export const VERIFIER_LIMITS = { outputTokens: 4_000, excerptChars: 16_000, claimChars: 4_000 }

/**
 * Says whether a claim about a file holds.
 *
 * @throws {TransientError} Tried again, then there is no vote.
 * @throws Any other error: there is no vote.
 */
export type ClaimVerifier = (
  claim: Claim,
  options: {
    model: string | undefined
    signal: AbortSignal
    onUsage(usage: Usage): void
    allowance?: Allowance | undefined
  },
) => Promise<Vote>

/** Writes the tasks of a goal: as they would be submitted, not yet checked. */
export type GoalPlanner = (
  request: {
    goal: string
    context: string
    /** Of the workspace, as far as they are worth showing. */
    files: string[]
    /** What was wrong with the plan before; empty the first time. */
    problems: string[]
  },
  options: { signal: AbortSignal; onUsage(usage: Usage): void; allowance?: Allowance | undefined },
) => Promise<{ tasks: unknown }>
