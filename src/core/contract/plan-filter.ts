import type { PlanStatus } from './status.ts'

/** Selects the plans of a list: those that match all given fields. */
export interface PlanFilter {
  status?: PlanStatus | undefined
  /** Words that must all appear in the title, id or metadata, ignoring case. */
  search?: string | undefined
  /** Milliseconds since the epoch, the first included, the second not. */
  createdFrom?: number | undefined
  createdBefore?: number | undefined
  minCostUsd?: number | undefined
  maxCostUsd?: number | undefined
}
