import type { Severity } from '../contract/findings.ts'
import type { Synthesis, SynthesisFinding } from '../contract/synthesis.ts'
import { oneLine } from '../merge/draft-findings.ts'

type Level = 'error' | 'warning' | 'note'

/** The part of SARIF 2.1.0 (OASIS, 2020) that findings need. */
export interface SarifLog {
  $schema: string
  version: '2.1.0'
  runs: [
    {
      tool: {
        driver: { name: string; rules: { id: string; shortDescription: { text: string } }[] }
      }
      results: SarifResult[]
      columnKind: 'utf16CodeUnits'
      originalUriBaseIds: { SRCROOT: { description: { text: string } } }
    },
  ]
}

export interface SarifResult {
  ruleId: string
  ruleIndex: number
  level: Level
  /** 0 to 100, by severity and confidence: what to look at first. */
  rank: number
  message: { text: string; markdown: string }
  locations: {
    physicalLocation: {
      artifactLocation: { uri: string; uriBaseId: 'SRCROOT' }
      region?: { startLine: number }
    }
  }[]
  /** The same for the same finding in another version of the synthesis. */
  partialFingerprints: { 'findingKey/v1': string }
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
/** Where a severity's share of the rank begins; a confidence moves it within its fifth. */
const RANKS: Record<Severity, number> = { critical: 80, high: 60, medium: 40, low: 20, info: 0 }
/** The middle of each band of CVSS 3.1, as code scanning sorts security findings. */
const SECURITY: Record<Severity, string> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '2.5',
  info: '0.0',
}

/** The findings of a synthesis as SARIF 2.1.0, for code scanning and editors. */
export function synthesisSarif(synthesis: Synthesis): SarifLog {
  const rules = [...new Set(synthesis.findings.map(ruleOf))].map((id) => ({
    id,
    shortDescription: { text: id },
  }))
  const places = new Map(rules.map(({ id }, index) => [id, index]))
  return {
    $schema:
      'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Tutti', rules } },
        results: synthesis.findings.map((finding) =>
          toResult(finding, places.get(ruleOf(finding)) ?? 0),
        ),
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: {
          SRCROOT: { description: { text: 'The root of the workspace that the plan worked on.' } },
        },
      },
    ],
  }
}

function toResult(finding: SynthesisFinding, ruleIndex: number): SarifResult {
  const { title, detail, recommendation, severity, confidence, file, line, id, sources } = finding
  const advice = recommendation === undefined ? '' : `\n\nRecommendation: ${recommendation}`
  const said = detail.trim() === '' || detail === title ? '' : `\n\n${detail}`
  const isSecurity = /secur|inject|secret|vulnerab|auth|crypto/i.test(finding.category ?? '')
  return {
    ruleId: ruleOf(finding),
    ruleIndex,
    level: LEVELS[severity],
    rank: RANKS[severity] + Math.round(confidence * 20),
    message: { text: `${title}${said}${advice}`, markdown: `**${title}**${said}${advice}` },
    locations:
      file === undefined
        ? []
        : [
            {
              physicalLocation: {
                artifactLocation: { uri: uriOf(file), uriBaseId: 'SRCROOT' },
                ...(line === undefined ? {} : { region: { startLine: line } }),
              },
            },
          ],
    partialFingerprints: {
      'findingKey/v1': [ruleOf(finding), file ?? '', oneLine(title, 200).toLowerCase()].join('|'),
    },
    properties: {
      id,
      severity,
      confidence,
      sources,
      ...(isSecurity ? { 'security-severity': SECURITY[severity] } : {}),
    },
  }
}

/** Findings of one category are of one rule; ids hold no spaces. */
function ruleOf({ category }: SynthesisFinding): string {
  const slug = (category ?? '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}._/-]+/gu, '-')
    .replace(/^-+|(?<!-)-+$/g, '')
  return slug === '' ? 'finding' : slug
}

/** A relative reference (RFC 3986), with every segment escaped. */
function uriOf(file: string): string {
  return file
    .split('/')
    .map((part) => encodeURIComponent(part.toWellFormed()))
    .join('/')
}
