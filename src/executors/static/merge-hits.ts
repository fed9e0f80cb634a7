import { type Finding, severityRank } from '../../core/contract/findings.ts'
import { shorten } from '../../core/text/shorten.ts'
import type { Hit } from './findings.ts'

/** Up to this many serious hits of a rule in one file are separate findings. */
const MAX_SEPARATE = 5
const MAX_LINES_NAMED = 20
const MAX_EVIDENCE_CHARS = 200

/**
 * Turns hits into findings, the most severe first, then by file and line. Repeated hits of a rule
 * in a file become one finding that lists the lines, unless they are serious and few: then each
 * needs a decision of its own.
 */
export function mergeHits(hits: readonly Hit[]): Finding[] {
  const groups = Map.groupBy(hits, (hit) =>
    [hit.rule.id, hit.file, severityOf(hit), hit.title ?? '', hit.detail ?? ''].join('\0'),
  )
  const findings: Finding[] = []
  for (const group of groups.values()) {
    const places = inOrder(withoutRepeats(group))
    const isSerious = severityRank(severityOf(places[0] as Hit)) <= severityRank('high')
    if (isSerious && places.length <= MAX_SEPARATE)
      findings.push(...places.map((hit) => toFinding([hit])))
    else findings.push(toFinding(places))
  }
  return findings.sort(
    (a, b) =>
      severityRank(a.severity) - severityRank(b.severity) ||
      compare(a.file ?? '', b.file ?? '') ||
      (a.line ?? 0) - (b.line ?? 0) ||
      compare(a.title, b.title),
  )
}

function toFinding(hits: readonly Hit[]): Finding {
  const [first] = hits as [Hit]
  const { rule } = first
  const lines = hits.map(({ line }) => line)
  const also =
    hits.length === 1
      ? ''
      : `\nAlso on ${lines.length === 2 ? 'line' : 'lines'} ${lines.slice(1, MAX_LINES_NAMED + 1).join(', ')}${lines.length - 1 > MAX_LINES_NAMED ? ` and ${lines.length - 1 - MAX_LINES_NAMED} more` : ''}`
  const title = first.title ?? rule.title
  return {
    title: hits.length === 1 ? title : `${title} (${hits.length} places)`,
    severity: severityOf(first),
    confidence: Math.max(...hits.map((hit) => hit.confidence ?? hit.rule.confidence)),
    category: rule.category,
    file: first.file,
    line: first.line,
    detail: `${first.detail ?? rule.detail} [${rule.id}]`.trim(),
    evidence: shorten(first.evidence, MAX_EVIDENCE_CHARS, '…') + also,
    recommendation: first.recommendation ?? rule.recommendation,
  }
}

function severityOf(hit: Hit) {
  return hit.severity ?? hit.rule.severity
}

function withoutRepeats(hits: readonly Hit[]): Hit[] {
  const byLine = new Map<number, Hit>()
  for (const hit of hits) if (!byLine.has(hit.line)) byLine.set(hit.line, hit)
  return [...byLine.values()]
}

function inOrder(hits: readonly Hit[]): Hit[] {
  return hits.toSorted((a, b) => a.line - b.line)
}

/** By code unit, so that the order is the same everywhere. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
