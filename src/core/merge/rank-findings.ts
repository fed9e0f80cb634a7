import { type Severity, severityRank } from '../contract/findings.ts'
import type { SynthesisFinding } from '../contract/synthesis.ts'

/** What a finding's importance is made of. */
export type Weighed = Pick<SynthesisFinding, 'severity' | 'sources'>

type Ranked = Weighed &
  Pick<SynthesisFinding, 'confidence' | 'title'> & {
    file?: string | undefined
    line?: number | undefined
  }

/**
 * Each severity is worth two of the next; what is critical is worth four, because it is to be looked
 * at even where only one of several reviewers claims it.
 */
const WEIGHTS: Record<Severity, number> = { critical: 32, high: 8, medium: 4, low: 2, info: 1 }

/** So many tasks are half as convincing as any number could be; chosen in bench/synthesis.md. */
const HALF_CONVINCING = 16

/** Fewer do not tell whether they looked at the same thing. */
const MIN_TASKS = 4

/**
 * How important each of a plan's findings is: the weight of its severity, less what it lacks in
 * agreement. How much that counts depends on the plan. Where nearly everything is found by several
 * tasks, they looked at the same thing, and what only one of them claims is seldom so. Where hardly
 * anything is, each looked at something else, and severity alone decides.
 *
 * @param findings All of the plan's, merged.
 * @param halfConvincing Tasks; another number only where it is being chosen.
 */
export function importanceIn(
  findings: readonly Weighed[],
  halfConvincing = HALF_CONVINCING,
): (finding: Weighed) => number {
  const overlap = overlapOf(findings)
  return ({ severity, sources: { length } }) =>
    WEIGHTS[severity] * (length / (length + halfConvincing)) ** overlap
}

/** The share of what the tasks reported that another task reported too: 0 to 1. */
function overlapOf(findings: readonly Weighed[]): number {
  if (new Set(findings.flatMap(({ sources }) => sources)).size < MIN_TASKS) return 0
  const reports = (some: readonly Weighed[]) =>
    some.reduce((sum, { sources }) => sum + sources.length, 0)
  return reports(findings.filter(({ sources }) => sources.length > 1)) / reports(findings)
}

/**
 * The order of a plan's findings: the most important first, then the most severe, then what most tasks
 * agree on, then the surest, then by place and title.
 */
export function byRank(findings: readonly Weighed[]): (a: Ranked, b: Ranked) => number {
  const importance = importanceIn(findings)
  return (a, b) =>
    importance(b) - importance(a) ||
    severityRank(a.severity) - severityRank(b.severity) ||
    b.sources.length - a.sources.length ||
    b.confidence - a.confidence ||
    compareText(a.file ?? '\uffff', b.file ?? '\uffff') ||
    (a.line ?? 0) - (b.line ?? 0) ||
    compareText(a.title, b.title)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
