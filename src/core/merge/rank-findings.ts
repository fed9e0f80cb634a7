import { type Severity, severityRank } from '../contract/findings.ts'
import type { SynthesisFinding } from '../contract/synthesis.ts'

/** What the importance of a finding is computed from. */
export type Weighed = Pick<SynthesisFinding, 'severity' | 'sources'>

type Ranked = Weighed &
  Pick<SynthesisFinding, 'confidence' | 'title'> & {
    file?: string | undefined
    line?: number | undefined
  }

/**
 * Each severity is worth twice the next, but critical is worth four times high: a critical finding
 * deserves attention even if only one of several reviewers claims it.
 */
const WEIGHTS: Record<Severity, number> = { critical: 32, high: 8, medium: 4, low: 2, info: 1 }

/**
 * The number of tasks that is half as convincing as infinitely many; chosen in bench/synthesis.md.
 */
const HALF_CONVINCING = 24

/** With fewer tasks, overlap does not show whether they looked at the same thing. */
const MIN_TASKS = 4

/**
 * How important each of a plan's findings is: the weight of its severity, reduced where few tasks
 * agree. How much agreement counts depends on the plan. If tasks mostly found the same things, they
 * were looking at the same thing, and what only one of them claims is seldom true. If they hardly
 * overlap, each looked at something else, and severity alone decides.
 *
 * @param findings All findings of the plan, merged.
 * @param halfConvincing In tasks; passed only by the benchmark that chooses it.
 */
export function importanceIn(
  findings: readonly Weighed[],
  halfConvincing = HALF_CONVINCING,
): (finding: Weighed) => number {
  const overlap = overlapOf(findings)
  return ({ severity, sources: { length } }) =>
    WEIGHTS[severity] * (length / (length + halfConvincing)) ** overlap
}

/** The share of all reported findings that another task also reported, 0 to 1. */
function overlapOf(findings: readonly Weighed[]): number {
  if (new Set(findings.flatMap(({ sources }) => sources)).size < MIN_TASKS) return 0
  const reports = (some: readonly Weighed[]) =>
    some.reduce((sum, { sources }) => sum + sources.length, 0)
  return reports(findings.filter(({ sources }) => sources.length > 1)) / reports(findings)
}

/**
 * Orders a plan's findings by importance, severity, number of tasks that agree, confidence, place
 * and title.
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
