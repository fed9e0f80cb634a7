import { isEnded } from '../contract/status.ts'
import type { Report } from '../contract/views.ts'
import type { ReportInput } from './report-input.ts'
import { dollars } from './report-words.ts'

const MOST_SPENDERS = 10

/** The cost of a plan's tasks, and separately of its synthesis. */
export function costsOf({ tasks, usage, estimate }: ReportInput): Report['cost'] {
  const spent = tasks.filter(({ costUsd }) => costUsd > 0)
  const tasksUsd = nanoDollars(spent.reduce((sum, { costUsd }) => sum + costUsd, 0))
  return {
    tasksUsd,
    synthesisUsd: nanoDollars(Math.max(0, usage.costUsd - tasksUsd)),
    estimateUsd: estimate ?? null,
    topTasks: spent
      .sort((a, b) => b.costUsd - a.costUsd)
      .slice(0, MOST_SPENDERS)
      .map(({ taskId, costUsd }) => ({ taskId, costUsd })),
  }
}

/** Rounds to the precision in which money is stored, because sums of fractions are inexact. */
function nanoDollars(usd: number): number {
  return Math.round(usd * 1e9) / 1e9
}

/** An estimate that was off by more than its range; nothing before every task has ended. */
export function costRemark({
  estimate,
  usage,
  tasks,
}: ReportInput): Report['diagnostics'][number] | undefined {
  if (estimate === undefined || !tasks.every(({ status }) => isEnded(status))) return undefined
  const { low, high } = estimate
  const is = usage.costUsd > high ? 'above' : usage.costUsd < low ? 'below' : undefined
  if (is === undefined) return undefined
  return {
    code: `cost-${is}-estimate`,
    message: `The plan cost ${dollars(usage.costUsd)}, ${is} its estimate of ${dollars(low)} to ${dollars(high)}.`,
  }
}
