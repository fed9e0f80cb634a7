import type { PlanStatus } from './status.ts'

/** Which plans a list holds; all those that fit every part that is given. */
export interface PlanFilter {
  status?: PlanStatus | undefined
  /** Words that the title, the id or the metadata holds, all of them, in any case. */
  search?: string | undefined
  /** Milliseconds since the epoch, the first included, the second not. */
  createdFrom?: number | undefined
  createdBefore?: number | undefined
  minCostUsd?: number | undefined
  maxCostUsd?: number | undefined
}
