/**
 * Limits of a submission. The operator sets each of them with a variable; see
 * `main/environment.ts`.
 */
export interface Limits {
  /** Tasks per plan, after patterns are expanded. */
  maxTasks: number
  /** Bytes per request body. */
  maxBodyBytes: number
  /** Characters of each of a task's own texts (role, task, context, output format, prompt …). */
  maxPromptChars: number
  /** Characters of a plan's shared context. */
  maxContextChars: number
}

export const DEFAULT_LIMITS: Limits = {
  maxTasks: 10_000,
  maxBodyBytes: 64 * 1024 * 1024,
  maxPromptChars: 128_000,
  maxContextChars: 2_000_000,
}

/** Distinct JSON Schemas per plan: every process that runs its tasks compiles each of them. */
export const MAX_SCHEMAS = 200

/** Entries of `dependsOn` per plan: a Redis script walks those of retried tasks. */
export const MAX_DEPENDENCIES = 200_000

/** How many findings of a synthesis verifiers judge, the most important first. */
export const MAX_JUDGED = 100

/** The most work, as counted by `submissionWork`, that the request thread does for a submission. */
export const MOST_WORK_HERE = 400_000
