import { SEVERITIES } from '../contract/findings.ts'
import type { Synthesis, SynthesisFinding } from '../contract/synthesis.ts'
import { formatPlace } from '../findings/places.ts'
import { countOf, oneLine } from '../merge/draft-findings.ts'

/** How many findings are written out; the JSON has them all. */
const MAX_FINDINGS = 1_000

/**
 * The whole synthesis as one Markdown document: the summary first, then everything it is based on.
 */
export function synthesisMarkdown(synthesis: Synthesis, title: string): string {
  return `${[
    `# ${oneLine(title, 300)}`,
    byline(synthesis),
    // Headings of the summary move down a level, below this one.
    `## Summary\n\n${deeper(synthesis.summary.trim())}`,
    findingsSection(synthesis),
    conflictsSection(synthesis),
    actionsSection(synthesis),
    editsSection(synthesis),
    coverageSection(synthesis),
    ledgerSection(synthesis),
    notesSection(synthesis),
  ]
    .filter((section) => section !== '')
    .join('\n\n')}\n`
}

function byline({ version, executor, model, createdAt, preliminary, usage }: Synthesis): string {
  const author =
    executor === 'merge' ? 'merged without a model' : `written by ${model ?? 'a model'}`
  const cost = usage.costUsd > 0 ? `, ${usage.costUsd.toFixed(4)} US dollars` : ''
  const state = preliminary ? ' Preliminary: tasks were still running.' : ''
  return `Version ${version}, ${author} at ${createdAt}${cost}.${state}`
}

function findingsSection({ findings }: Synthesis): string {
  if (findings.length === 0) return ''
  const shown = findings.slice(0, MAX_FINDINGS)
  const sections = SEVERITIES.flatMap((severity) => {
    const some = shown.filter((finding) => finding.severity === severity)
    return some.length === 0
      ? []
      : `### ${severity.charAt(0).toUpperCase()}${severity.slice(1)}\n\n${some.map(findingText).join('\n\n')}`
  })
  const rest =
    findings.length > MAX_FINDINGS
      ? `\n\n… and ${countOf(findings.length - MAX_FINDINGS, 'more finding')}.`
      : ''
  return `## Findings\n\n${sections.join('\n\n')}${rest}`
}

function findingText(finding: SynthesisFinding): string {
  const place = formatPlace({ file: finding.file, line: finding.line })
  const facts = [
    place === '' ? undefined : `\`${place}\``,
    finding.category,
    `${Math.round(finding.confidence * 100)}% sure`,
    `found by ${finding.sources.join(', ')}`,
    evidenceOf(finding),
  ].filter((fact) => fact !== undefined)
  const parts = [
    `#### ${finding.id}: ${oneLine(finding.title, 300)}`,
    facts.join(' · '),
    deeper(finding.detail.trim()),
    finding.recommendation && `**Recommendation:** ${finding.recommendation.trim()}`,
  ]
  return parts.filter((part) => part).join('\n\n')
}

function evidenceOf({ verification }: SynthesisFinding): string | undefined {
  const votes = verification?.votes ?? []
  const of = (verdict: string) =>
    `${votes.filter((vote) => vote.verdict === verdict).length} of ${countOf(votes.length, 'vote')}`
  switch (verification?.status) {
    case 'confirmed':
      return votes.length > 0 ? `confirmed by ${of('confirmed')}` : 'what it quotes was found'
    case 'refuted':
      return votes.length > 0
        ? `**refuted by ${of('refuted')}**`
        : '**refuted: what it describes is not there**'
    case 'unverified':
    case undefined:
      return undefined
  }
}

function conflictsSection({ conflicts }: Synthesis): string {
  if (conflicts.length === 0) return ''
  const texts = conflicts.map(({ about, sides, resolution, rule }) => {
    const said = sides.map(
      ({ taskId, recommendation, evidence }) =>
        `- **${taskId}**: ${oneLine(recommendation, 600)}\n  - ${oneLine(evidence, 600)}`,
    )
    return `### ${oneLine(about, 300)}\n\n${said.join('\n')}\n\n${resolution.trim()} (${rule})`
  })
  return `## Contradictions\n\n${texts.join('\n\n')}`
}

function actionsSection({ actions }: Synthesis): string {
  if (actions.length === 0) return ''
  const lines = actions.map(({ rank, action, why, findings }) => {
    const solves = findings.length === 0 ? '' : ` (${findings.slice(0, 20).join(', ')})`
    return `${rank}. ${oneLine(action, 600)}${solves}\n   ${oneLine(why, 600)}`
  })
  return `## Actions\n\n${lines.join('\n')}`
}

function editsSection({ edits }: Synthesis): string {
  if (edits === undefined) return ''
  const lines = [
    `- Base: ${edits.base}`,
    edits.commit === undefined ? undefined : `- Merged commit: ${edits.commit}`,
    edits.merged.length === 0 ? undefined : `- Merged: ${edits.merged.join(', ')}`,
    ...edits.conflicts.map(({ path, tasks, proposedBy }) => {
      const proposal = proposedBy === undefined ? '' : `; ${proposedBy} proposes a resolution`
      return `- Conflict in \`${path}\`: ${tasks.join(', ')}${proposal}`
    }),
  ]
  return `## Edits\n\n${lines.filter((line) => line !== undefined).join('\n')}`
}

function coverageSection({ coverage: { succeeded, missing } }: Synthesis): string {
  const lines = missing.map(
    ({ taskId, status, error }) =>
      `- ${taskId}: ${status}${error === undefined ? '' : `, ${oneLine(error, 300)}`}`,
  )
  const names = succeeded.length === 0 ? 'None' : succeeded.join(', ')
  return `## Coverage\n\nSucceeded: ${names}.${lines.length === 0 ? ' Nothing is missing.' : `\n\nMissing:\n\n${lines.join('\n')}`}`
}

function ledgerSection({ ledger }: Synthesis): string {
  if (ledger.length === 0) return ''
  const count = (fate: string) => ledger.filter((entry) => entry.fate === fate).length
  const dropped = ledger
    .filter(({ fate }) => fate === 'dropped' || fate === 'refuted')
    .map(({ finding, reason }) => `- ${finding}: ${oneLine(reason ?? '', 300)}`)
  return `## Ledger\n\nThe tasks reported ${countOf(ledger.length, 'finding')}: ${count('kept')} kept, ${count('merged')} merged, ${count('dropped')} dropped${count('refuted') === 0 ? '' : `, ${count('refuted')} refuted`}.${dropped.length === 0 ? '' : `\n\n${dropped.join('\n')}`}`
}

function notesSection({ notes }: Synthesis): string {
  return notes.length === 0
    ? ''
    : `## Notes\n\n${notes.map((note) => `- ${oneLine(note, 600)}`).join('\n')}`
}

/** Moves headings one level down, to the sixth at most. Code lines are left alone. */
function deeper(markdown: string): string {
  let fenced = false
  return markdown
    .split('\n')
    .map((line) => {
      if (/^\s*(?:```|~~~)/.test(line)) fenced = !fenced
      return fenced ? line : line.replace(/^(#{1,5})(?=\s)/, '$1#')
    })
    .join('\n')
}
