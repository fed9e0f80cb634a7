import type { Plan } from '../api/types.ts'
import { formatUsd } from '../format/number.ts'

/** Describes the budget of a plan that it stopped; undefined without a budget. */
export function budgetWords({ budget, usage }: Plan): string | undefined {
  if (budget === undefined) return undefined
  const { limitUsd, unknownUsd, leftUsd } = budget
  const parts = [`Spent: ${formatUsd(usage.costUsd)} of ${formatUsd(limitUsd)}`]
  if (unknownUsd > 0) {
    parts.push(`up to ${formatUsd(unknownUsd)} more by calls that were cut off`)
  }
  if (leftUsd > 0) parts.push(`the remaining ${formatUsd(leftUsd)} may not cover another call`)
  return `${parts.join('; ')}.`
}
