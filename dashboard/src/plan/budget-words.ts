import type { Plan } from '../api/types.ts'
import { formatUsd } from '../format/number.ts'

/** What became of a budget, for a plan that it stopped; undefined where there is none. */
export function budgetWords({ budget, usage }: Plan): string | undefined {
  if (budget === undefined) return undefined
  const { limitUsd, unknownUsd, leftUsd } = budget
  const parts = [`Spent: ${formatUsd(usage.costUsd)} of ${formatUsd(limitUsd)}`]
  if (unknownUsd > 0) {
    parts.push(`at most ${formatUsd(unknownUsd)} more by calls that broke off`)
  }
  if (leftUsd > 0) parts.push(`the ${formatUsd(leftUsd)} left may not pay for another call`)
  return `${parts.join('; ')}.`
}
