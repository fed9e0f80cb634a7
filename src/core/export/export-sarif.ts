import type { Severity } from '../contract/findings.ts'
import type { Synthesis, SynthesisFinding } from '../contract/synthesis.ts'
import { oneLine } from '../merge/draft-findings.ts'
import { shorten } from '../text/shorten.ts'
import { fingerprintsOf } from './sarif-fingerprints.ts'

type Level = 'error' | 'warning' | 'note'

/** The subset of SARIF 2.1.0 (OASIS, 2020) that findings need. */
export interface SarifLog {
  $schema: string
  version: '2.1.0'
  runs: [
    {
      tool: { driver: { name: string; rules: SarifRule[] } }
      /**
       * Findings without a file, which code scanning cannot show, and a note on what was left out.
       */
      invocations: [{ executionSuccessful: true; toolExecutionNotifications: SarifNotification[] }]
      results: SarifResult[]
      columnKind: 'utf16CodeUnits'
      originalUriBaseIds: { SRCROOT: { description: { text: string } } }
    },
  ]
}

export interface SarifRule {
  id: string
  shortDescription: { text: string }
  fullDescription: { text: string }
  help: { text: string }
  defaultConfiguration: { level: Level }
  properties: { tags: string[]; 'security-severity': string }
}

export interface SarifNotification {
  level: Level
  message: { text: string }
  properties?: { id: string; severity: Severity; confidence: number; sources: string[] }
}

export interface SarifResult {
  ruleId: string
  ruleIndex: number
  level: Level
  /** 0 to 100, by severity and confidence: what to look at first. */
  rank: number
  message: { text: string; markdown?: string }
  locations: [
    {
      physicalLocation: {
        artifactLocation: { uri: string; uriBaseId: 'SRCROOT' }
        /** Line 1 for a finding about the whole file. */
        region: { startLine: number }
      }
    },
  ]
  /**
   * Stable for the same finding in another version of the synthesis, even if it moved or was
   * reworded.
   */
  partialFingerprints: { 'findingKey/v2': string; primaryLocationLineHash: string }
  properties: {
    id: string
    severity: Severity
    confidence: number
    sources: string[]
    'security-severity'?: string
  }
}

const LEVELS: Record<Severity, Level> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
}
/** Where the rank of a severity starts; the confidence moves it within its fifth. */
const RANKS: Record<Severity, number> = { critical: 80, high: 60, medium: 40, low: 20, info: 0 }
/** The middle of each CVSS 3.1 band: code scanning sorts security findings by it. */
const SECURITY: Record<Severity, string> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '2.5',
  info: '0.0',
}

/** GitHub rejects a run with more results, and an upload whose compressed size exceeds this. */
const MAX_RESULTS = 25_000
const MAX_BYTES = 10_000_000
/** The part of this that is kept for everything except results. */
const RESERVED_BYTES = 1_000_000
const MAX_NOTIFICATIONS = 1_000
/** Characters of a message, and of a shortened one if the file would get too large. */
const MAX_MESSAGE = 8_000
const SHORT_MESSAGE = 200

const ENCODER = new TextEncoder()

/**
 * The findings of a synthesis as SARIF 2.1.0 for code scanning and editors: the most important
 * first, as many as GitHub accepts. Findings without a file become notifications, and so does what
 * is left out. Refuted findings are omitted, because they would be false alarms.
 */
export function synthesisSarif(synthesis: Synthesis): SarifLog {
  const standing = synthesis.findings.filter(
    ({ verification }) => verification?.status !== 'refuted',
  )
  const placed = standing.filter(({ file }) => file !== undefined)
  const rules = rulesOf(placed)
  const indexes = new Map(rules.map(({ id }, index) => [id, index]))
  const fitting = placed.slice(0, MAX_RESULTS)
  const fingerprints = fingerprintsOf(fitting)
  const results = withinLimits(
    fitting.map((finding, index) => (limit: number) => {
      const ruleId = ruleOf(finding)
      return toResult(finding, {
        ruleId,
        ruleIndex: indexes.get(ruleId) ?? 0,
        fingerprint: fingerprints[index] ?? '',
        limit,
      })
    }),
  )
  return {
    $schema:
      'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Tutti', rules } },
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: notifications(synthesis, standing, placed, results.length),
          },
        ],
        results,
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: {
          SRCROOT: { description: { text: 'The root of the workspace that the plan worked on.' } },
        },
      },
    ],
  }
}

/**
 * Full messages fill the first half of the space (or all of it if they fit); then come short
 * messages, until it is full.
 */
function withinLimits(results: ((limit: number) => SarifResult)[]): SarifResult[] {
  const room = MAX_BYTES - RESERVED_BYTES
  const whole: SarifResult[] = []
  const kept: SarifResult[] = []
  let used = 0
  let usedWhole = 0
  for (const toLimit of results) {
    if (usedWhole <= room) {
      const result = toLimit(MAX_MESSAGE)
      usedWhole += sizeOf(result)
      whole.push(result)
    }
    const told = usedWhole <= room / 2 ? whole.at(-1) : undefined
    const shown = told ?? shortened(toLimit(SHORT_MESSAGE))
    const size = sizeOf(shown)
    if (used + size > room) break
    used += size
    kept.push(shown)
  }
  return usedWhole <= room && whole.length === results.length ? whole : kept
}

/** In bytes, including the comma after it. */
function sizeOf(result: SarifResult): number {
  return ENCODER.encode(JSON.stringify(result)).length + 1
}

function shortened({ message: { text }, ...result }: SarifResult): SarifResult {
  return { ...result, message: { text } }
}

function toResult(
  finding: SynthesisFinding,
  its: { ruleId: string; ruleIndex: number; fingerprint: string; limit: number },
): SarifResult {
  const { severity, confidence, file = '', line, id, sources } = finding
  const { text, markdown } = messageOf(finding, its.limit)
  return {
    ruleId: its.ruleId,
    ruleIndex: its.ruleIndex,
    level: LEVELS[severity],
    rank: RANKS[severity] + Math.round(confidence * 20),
    message: { text, markdown },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file), uriBaseId: 'SRCROOT' },
          region: { startLine: line ?? 1 },
        },
      },
    ],
    partialFingerprints: {
      'findingKey/v2': its.fingerprint,
      primaryLocationLineHash: its.fingerprint,
    },
    properties: {
      id,
      severity,
      confidence,
      sources: sources.slice(0, 20),
      ...(isSecurity(finding) ? { 'security-severity': SECURITY[severity] } : {}),
    },
  }
}

function messageOf({ title, detail, recommendation }: SynthesisFinding, limit: number) {
  const advice = recommendation === undefined ? '' : `\n\nRecommendation: ${recommendation}`
  const said = detail.trim() === '' || detail === title ? '' : `\n\n${detail}`
  const name = oneLine(title, limit)
  const rest = cut(`${said}${advice}`, limit)
  return { text: `${name}${rest}`, markdown: `**${name}**${rest}` }
}

function cut(text: string, limit: number): string {
  return shorten(text.toWellFormed(), limit, '…')
}

function notifications(
  { findings }: Synthesis,
  standing: readonly SynthesisFinding[],
  placed: readonly SynthesisFinding[],
  exported: number,
): SarifNotification[] {
  const placeless = standing.filter(({ file }) => file === undefined)
  const notes: SarifNotification[] = placeless.slice(0, MAX_NOTIFICATIONS).map((finding) => ({
    level: LEVELS[finding.severity],
    message: { text: messageOf(finding, SHORT_MESSAGE).text },
    properties: {
      id: finding.id,
      severity: finding.severity,
      confidence: finding.confidence,
      sources: finding.sources.slice(0, 20),
    },
  }))
  const left = placed.length - exported + Math.max(0, placeless.length - MAX_NOTIFICATIONS)
  if (left > 0) {
    const text = `${left} more findings are in the synthesis: a code scanning file cannot hold more.`
    notes.push({ level: 'warning', message: { text } })
  }
  const refuted = findings.length - standing.length
  if (refuted > 0) {
    const text = `Left out as refuted: ${refuted}. What they describe is not in the plan's files.`
    notes.push({ level: 'note', message: { text } })
  }
  return notes
}

function rulesOf(findings: readonly SynthesisFinding[]): SarifRule[] {
  const first = new Map<string, SynthesisFinding>()
  for (const finding of findings) {
    const id = ruleOf(finding)
    if (!first.has(id)) first.set(id, finding)
  }
  return [...first].slice(0, MAX_RESULTS).map(([id, finding]) => {
    const { severity, category } = finding
    const name = oneLine(category ?? 'Finding', 200)
    const text = `${name}, ${severity}`
    return {
      id,
      shortDescription: { text },
      fullDescription: {
        text: `What reviewers found, of the kind "${name}" and of ${severity} severity.`,
      },
      help: { text: 'Each result says what was found, why it matters and what to do.' },
      defaultConfiguration: { level: LEVELS[severity] },
      properties: {
        tags: isSecurity(finding) ? ['security'] : ['maintainability'],
        'security-severity': SECURITY[severity],
      },
    }
  })
}

function isSecurity({ category }: SynthesisFinding): boolean {
  return /secur|inject|secret|vulnerab|auth|crypto|xss|csrf|ssrf|access|privacy|cwe/i.test(
    category ?? '',
  )
}

/**
 * Findings of one category and severity share a rule, because code scanning reads the severity from
 * the rule. Rule ids contain no spaces.
 */
function ruleOf({ category, severity }: SynthesisFinding): string {
  const slug = shorten(category ?? '', 200)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}._/-]+/gu, '-')
    .replace(/^-+|(?<!-)-+$/g, '')
  return `${slug === '' ? 'finding' : slug}/${severity}`
}

/** A relative reference (RFC 3986), with every segment escaped. */
function uriOf(file: string): string {
  return file
    .split('/')
    .map((part) => encodeURIComponent(part.toWellFormed()))
    .join('/')
}
