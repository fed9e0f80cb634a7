import type { Allowance } from '../budget/allowance.ts'
import type { Failure } from '../contract/errors.ts'
import type { Finding } from '../contract/findings.ts'
import type { TaskStatus } from '../contract/status.ts'
import type { Conflict } from '../contract/synthesis.ts'
import type { Usage } from '../contract/usage.ts'
import type { Vote } from '../contract/verification.ts'
import type { RelaxedTime, TaskEdits } from './executor.ts'

/** The result of one task, as input for a synthesis. */
export interface TaskResult {
  taskId: string
  description: string
  status: TaskStatus
  text: string
  findings: Finding[]
  /** The text has been searched: it contains no findings other than these. */
  isSearched?: true
  /** Refs of the findings if these are not all of the task's; those are numbered from 1. */
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

/** A synthesis before its ledger is checked. Findings of tasks are identified by `findingRef`. */
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
    /** Refs of the task findings it consists of, at least one. */
    from: string[]
  }[]
  dropped: { finding: string; reason: string }[]
  /** Refs that a part left out without a reason and that were put back. */
  putBack?: string[]
  conflicts: Conflict[]
  /** `findings` are indexes into `findings` above. */
  actions: { action: string; why: string; findings: number[] }[]
  data?: unknown
  usage: Usage
  model?: string
}

/** Writes syntheses with a model. The deterministic merge needs no port, because it is in core. */
export interface ModelSynthesizer {
  /**
   * @throws {TransientError} It is retried, then replaced by the deterministic merge.
   * @throws Any other error: it is replaced by the deterministic merge at once.
   */
  synthesize(
    input: SynthesisInput,
    options: {
      model: string | undefined
      signal: AbortSignal
      onUsage(usage: Usage): void
      allowance?: Allowance | undefined
      /** Given if the call may take hours; it then goes out in a batch, in the name of `caller`. */
      relaxed?: (RelaxedTime & { planId: string; caller: string }) | undefined
    },
  ): Promise<SynthesisDraft>
}

/**
 * Proposes the full text of a file in conflict. A side without the file is undefined.
 *
 * @throws Any error: there is no proposal then.
 */
export type ConflictResolver = (
  request: {
    /** The plan's title. */
    title: string
    path: string
    /** The owners of both sides; the last one owns `theirs`. */
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

/** A finding as a verifier sees it: without its reporter, reasons or recommendation. */
export interface Claim {
  title: string
  detail: string | undefined
  file: string
  line: number | undefined
  /** The lines of the file around the place, with line numbers. */
  excerpt: string
}

/** Limits of what a verifier answers (tokens) and is shown (characters). */
export const VERIFIER_LIMITS = { outputTokens: 4_000, excerptChars: 16_000, claimChars: 4_000 }

/**
 * Says whether a claim about a file is true.
 *
 * @throws {TransientError} It is retried; if that fails, there is no vote.
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

/** Plans the tasks for a goal, in the form in which they would be submitted, not yet checked. */
export type GoalPlanner = (
  request: {
    goal: string
    context: string
    /** Paths in the workspace that are worth showing. */
    files: string[]
    /** The problems with the previous plan; empty the first time. */
    problems: string[]
  },
  options: { signal: AbortSignal; onUsage(usage: Usage): void; allowance?: Allowance | undefined },
) => Promise<{ tasks: unknown }>
