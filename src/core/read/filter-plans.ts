import type { PlanFilter } from '../contract/plan-filter.ts'
import type { PlanRecord } from '../ports/records.ts'
import { planStatusOf } from './plan-views.ts'

/** Whether plans must be read to filter them; the store itself can only select by time. */
export function isSelective({ status, search, minCostUsd, maxCostUsd }: PlanFilter): boolean {
  return [status, search, minCostUsd, maxCostUsd].some((part) => part !== undefined)
}

/** Returns a test of whether a plan matches the filter. Create it once per list. */
export function planFilter(filter: PlanFilter): (record: PlanRecord) => boolean {
  const { status, search, createdFrom = 0, createdBefore = Infinity } = filter
  const { minCostUsd = 0, maxCostUsd = Infinity } = filter
  const words = search?.toLowerCase().split(/\s+/).filter(Boolean) ?? []
  return (record) => {
    const { createdAt, usage } = record
    if (createdAt < createdFrom || createdAt >= createdBefore) return false
    if (status !== undefined && planStatusOf(record) !== status) return false
    if (usage.costUsd < minCostUsd || usage.costUsd > maxCostUsd) return false
    if (words.length === 0) return true
    const text = textOf(record)
    return words.every((word) => text.includes(word))
  }
}

function textOf({ spec: { id, title, metadata } }: PlanRecord): string {
  return `${id}\n${title}\n${JSON.stringify(metadata)}`.toLowerCase()
}
