/** What one submission may hold. The operator sets each by a variable; see `main/config.ts`. */
export interface Limits {
  /** Tasks of one plan, after patterns were expanded. */
  maxTasks: number
  /** Bytes of one request body. */
  maxBodyBytes: number
  /** Characters of one task's own texts (role, task, context, output format, prompt …), each. */
  maxPromptChars: number
  /** Characters of the plan's shared context. */
  maxContextChars: number
}

export const DEFAULT_LIMITS: Limits = {
  maxTasks: 10_000,
  maxBodyBytes: 64 * 1024 * 1024,
  maxPromptChars: 128_000,
  maxContextChars: 2_000_000,
}

/** Distinct JSON Schemas of one plan: each is compiled, by every process that runs its tasks. */
export const MAX_SCHEMAS = 200

/** Entries of `dependsOn` of one plan: a script of Redis goes through those of tasks that are retried. */
export const MAX_DEPENDENCIES = 200_000

/** Findings of one synthesis that verifiers judge, the most important first. */
export const MAX_JUDGED = 100

/** What is done for a submission on the thread that serves requests, as `submissionWork` counts it. */
export const MOST_WORK_HERE = 400_000
