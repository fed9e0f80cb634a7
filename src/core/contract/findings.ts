import { z } from 'zod'

/** From most to least severe. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const
export const Severity = z.enum(SEVERITIES).meta({ id: 'Severity' })
export type Severity = z.output<typeof Severity>

/** 0 for `critical` to 4 for `info`: a smaller rank is more severe. */
export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity)
}

/** One finding of one task. */
export const Finding = z
  .object({
    title: z.string().min(1),
    severity: Severity,
    /** How confident the task is, 0 to 1. */
    confidence: z.number().min(0).max(1).default(0.5),
    category: z.string().optional(),
    /** Relative to the workspace. */
    file: z.string().optional(),
    /** 1-based. */
    line: z.int().min(1).optional(),
    detail: z.string().optional(),
    /** What was observed: a line of code, a measurement, a quotation. */
    evidence: z.string().optional(),
    recommendation: z.string().optional(),
  })
  .meta({ id: 'Finding' })
export type Finding = z.output<typeof Finding>

/**
 * `security/2` is the second finding of the task `security`. Refs are stable because outputs never
 * change.
 */
export function findingRef(taskId: string, index: number): string {
  return `${taskId}/${index + 1}`
}

/**
 * The ref of one of a result's findings. A result with only some of its task's findings has `refs`.
 */
export function refOf(result: { taskId: string; refs?: readonly string[] }, index: number): string {
  return result.refs?.[index] ?? findingRef(result.taskId, index)
}
