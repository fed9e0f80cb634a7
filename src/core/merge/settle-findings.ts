import { type Finding, severityRank } from '../contract/findings.ts'
import type { SynthesisFinding } from '../contract/synthesis.ts'
import { placeOf } from '../findings/places.ts'
import type { SynthesisDraft } from '../ports/models.ts'
import { countOf, type DraftFinding } from './draft-findings.ts'

/** A task's finding with its ref. */
export interface Reported {
  ref: string
  taskId: string
  finding: Finding
}

/** A finding whose sources all exist. */
export interface SettledFinding {
  finding: Omit<SynthesisFinding, 'id'>
  /** The refs of its sources; each ref belongs to only one finding. */
  from: string[]
  /** The source whose severity and confidence it has; the others were merged into it. */
  kept: string
  /** Its index in the draft; undefined if it was put back. */
  draftIndex: number | undefined
  putBack: boolean
}

/** The number of repairs of each kind. */
export interface Repairs {
  unknown: number
  repeated: number
  sourceless: number
  rated: number
  moved: number
  putBack: number
}

export const NO_REPAIRS: Repairs = Object.freeze({
  unknown: 0,
  repeated: 0,
  sourceless: 0,
  rated: 0,
  moved: 0,
  putBack: 0,
})

export function addRepairs(a: Repairs, b: Repairs): Repairs {
  return {
    unknown: a.unknown + b.unknown,
    repeated: a.repeated + b.repeated,
    sourceless: a.sourceless + b.sourceless,
    rated: a.rated + b.rated,
    moved: a.moved + b.moved,
    putBack: a.putBack + b.putBack,
  }
}

/**
 * The draft's findings, reduced to sources that exist, plus those that it left out without a
 * reason.
 */
export function settleFindings(
  draft: SynthesisDraft,
  reported: ReadonlyMap<string, Reported>,
): { findings: SettledFinding[]; dropped: ReadonlyMap<string, string>; repairs: Repairs } {
  const repairs: Repairs = { ...NO_REPAIRS }
  const used = new Set<string>()
  const take = (ref: string): Reported[] => {
    const found = reported.get(ref)
    if (found === undefined) repairs.unknown += 1
    else if (used.has(ref)) repairs.repeated += 1
    else {
      used.add(ref)
      return [found]
    }
    return []
  }
  const findings = draft.findings.flatMap((drafted, index): SettledFinding[] => {
    const sources = drafted.from.flatMap(take)
    if (sources.length > 0) return [settle(drafted, sources, index, repairs)]
    repairs.sourceless += 1
    return []
  })
  const dropped = new Map<string, string>()
  for (const { finding, reason } of draft.dropped) {
    // Not taken without a reason, so it is put back below.
    if (reason.trim() === '') continue
    for (const { ref } of take(finding)) dropped.set(ref, reason)
  }
  for (const source of reported.values()) {
    if (used.has(source.ref)) continue
    repairs.putBack += 1
    findings.push(putBack(source))
  }
  return { findings, dropped, repairs }
}

function settle(
  drafted: DraftFinding,
  sources: readonly Reported[],
  draftIndex: number,
  repairs: Repairs,
): SettledFinding {
  const rated = closestRating(drafted, sources)
  const { severity, confidence } = rated.finding
  if (severity !== drafted.severity || confidence !== drafted.confidence) repairs.rated += 1
  const place = closestPlace(drafted, [rated, ...sources])
  const given = placeOf(drafted)
  const misplaced =
    (given.file !== undefined && given.file !== place.file) ||
    (given.line !== undefined && given.line !== place.line)
  if (misplaced) repairs.moved += 1
  return {
    finding: {
      title: drafted.title.trim() === '' ? rated.finding.title : drafted.title,
      severity,
      confidence,
      ...optional('category', drafted.category ?? rated.finding.category),
      ...optional('file', place.file),
      ...optional('line', place.line),
      detail: drafted.detail.trim() === '' ? detailOf(rated.finding) : drafted.detail,
      ...optional('recommendation', drafted.recommendation ?? rated.finding.recommendation),
      sources: [...new Set(sources.map(({ taskId }) => taskId))],
    },
    from: sources.map(({ ref }) => ref),
    kept: rated.ref,
    draftIndex,
    putBack: false,
  }
}

/**
 * The source with the nearest severity to the drafted one and, among those, the nearest confidence.
 */
function closestRating(drafted: DraftFinding, sources: readonly Reported[]): Reported {
  const distance = ({ finding }: Reported) =>
    Math.abs(severityRank(finding.severity) - severityRank(drafted.severity)) * 10 +
    Math.abs(finding.confidence - (Number.isFinite(drafted.confidence) ? drafted.confidence : 0))
  return sources.reduce((best, source) => (distance(source) < distance(best) ? source : best))
}

/** The drafted place if any source names it, otherwise the closest one that a source does. */
function closestPlace(drafted: DraftFinding, sources: readonly Reported[]) {
  const wanted = placeOf(drafted)
  const places = sources.map(({ finding }) => placeOf(finding)).filter(({ file }) => file)
  return (
    places.find(({ file, line }) => file === wanted.file && line === wanted.line) ??
    places.find(({ file, line }) => file === wanted.file && line !== undefined) ??
    places.find(({ file }) => file === wanted.file) ??
    places[0] ?? { file: undefined, line: undefined }
  )
}

export function putBack({ ref, taskId, finding }: Reported): SettledFinding {
  const place = placeOf(finding)
  return {
    finding: {
      title: finding.title,
      severity: finding.severity,
      confidence: finding.confidence,
      ...optional('category', finding.category),
      ...optional('file', place.file),
      ...optional('line', place.line),
      detail: detailOf(finding),
      ...optional('recommendation', finding.recommendation),
      sources: [taskId],
    },
    from: [ref],
    kept: ref,
    draftIndex: undefined,
    putBack: true,
  }
}

function detailOf({ detail, evidence, title }: Finding): string {
  return detail ?? evidence ?? title
}

/** A sentence for each kind of repair that was made. */
export function describeRepairs({
  unknown,
  repeated,
  sourceless,
  rated,
  moved,
  putBack: back,
}: Repairs): string[] {
  const notes: [count: number, note: string][] = [
    [unknown, `Removed ${countOf(unknown, 'reference')} to findings that no task reported.`],
    [
      repeated,
      `${countOf(repeated, 'finding')} were named more than once; only the first mention counts.`,
    ],
    [sourceless, `Removed ${countOf(sourceless, 'finding')} without any source in the tasks.`],
    [
      rated,
      `${countOf(rated, 'finding')} got the severity and confidence of a source instead of a rating that no task gave.`,
    ],
    [moved, `${countOf(moved, 'finding')} got the location that a source names.`],
    [back, `Put back ${countOf(back, 'finding')} left out without a reason.`],
  ]
  return notes.flatMap(([count, note]) => (count > 0 ? note : []))
}

function optional<K extends string, T>(name: K, value: T | undefined): { [key in K]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { [key in K]?: T }
}
