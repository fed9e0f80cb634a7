import { SEVERITIES } from '../contract/findings.ts'
import type { Conflict } from '../contract/synthesis.ts'
import { formatPlace } from '../findings/places.ts'
import type { SynthesisDraft, TaskResult } from '../ports/models.ts'
import { firstSentences } from '../text/sentences.ts'
import { shorten } from '../text/shorten.ts'
import { countOf, type DraftFinding, oneLine, tasksOfRefs } from './draft-findings.ts'

const MAX_RISKS = 10
const MAX_ROWS = 200
/** The confidence of findings that do not state one. */
const UNSAID = 0.5
const MAX_CONFLICTS = 10
const MAX_ACTIONS = 10
const MAX_DIGESTS = 50
const MAX_MISSING = 30

/**
 * A Markdown summary that can be read on its own: what was found, what to do first, what is
 * missing.
 */
export function writeSummary(input: {
  results: readonly TaskResult[]
  /** By rank. */
  findings: readonly DraftFinding[]
  conflicts: readonly Conflict[]
  actions: SynthesisDraft['actions']
}): string {
  const { results, findings, conflicts, actions } = input
  const titles = new Map(results.map(({ taskId, description }) => [taskId, description]))
  return [
    headline(results, findings, conflicts),
    topRisks(findings, results.length),
    conflictList(conflicts),
    actionList(actions),
    findingsByFile(findings),
    digests(results, findings),
    coverage(results, titles),
  ]
    .filter((section) => section !== '')
    .join('\n\n')
}

function headline(
  results: readonly TaskResult[],
  findings: readonly DraftFinding[],
  conflicts: readonly Conflict[],
): string {
  const succeeded = results.filter(({ status }) => status === 'succeeded').length
  const sentences: string[] = []
  if (findings.length === 0) {
    sentences.push(
      `**${succeeded} of ${countOf(results.length, 'task')} succeeded.** No task reported a finding.`,
    )
  } else {
    const counts = SEVERITIES.map((severity) => ({
      severity,
      count: findings.filter((finding) => finding.severity === severity).length,
    }))
    const list = counts.flatMap(({ severity, count }) => (count > 0 ? `${count} ${severity}` : []))
    const tasks = tasksOfRefs(findings.flatMap(({ from }) => from)).length
    sentences.push(
      `**${countOf(findings.length, 'finding')} from ${countOf(tasks, 'task')}: ${list.join(', ')}.**`,
    )
    const agreed = findings.filter(({ from }) => tasksOfRefs(from).length > 1).length
    if (agreed > 0) {
      sentences.push(
        `${agreed} of them ${agreed === 1 ? 'was' : 'were'} found by more than one task.`,
      )
    }
    const reported = findings.reduce((sum, { from }) => sum + from.length, 0)
    if (reported > findings.length) {
      sentences.push(`The tasks reported ${reported}; duplicates are merged.`)
    }
  }
  if (conflicts.length > 0) {
    sentences.push(
      `${countOf(conflicts.length, 'contradiction')} between recommendations ${conflicts.length === 1 ? 'is' : 'are'} listed below.`,
    )
  }
  const missing = results.length - succeeded
  if (missing > 0 && succeeded > 0) {
    sentences.push(
      `${missing} of ${countOf(results.length, 'task')} did not succeed, so this is not the whole picture.`,
    )
  }
  return sentences.join(' ')
}

function topRisks(findings: readonly DraftFinding[], tasks: number): string {
  if (findings.length === 0) return ''
  const lines = findings.slice(0, MAX_RISKS).map((finding, index) => {
    const { severity, confidence, detail, title } = finding
    const place = formatPlace({ file: finding.file, line: finding.line })
    const sure = confidence === UNSAID ? '' : `; ${Math.round(confidence * 100)}% sure`
    const said = firstSentences(detail, 280)
    const says = said === '' || said === title || said === `${title}.` ? '' : `\n   ${said}`
    return `${index + 1}. **${capital(severity)}: ${oneLine(title, 160)}**${place === '' ? '' : ` in \`${place}\``} (${foundBy(finding, tasks)}${sure})${says}`
  })
  const rest = findings.length - MAX_RISKS
  const below = rest > 0 ? `\n\nThe other ${countOf(rest, 'finding')} are in the table below.` : ''
  return `## Top risks\n\n${lines.join('\n')}${below.replace(/other 1 finding are/, 'other finding is')}`
}

/** Names up to three tasks; more are counted. */
function foundBy({ from }: DraftFinding, tasks: number): string {
  const found = tasksOfRefs(from)
  return found.length <= 3 ? found.join(', ') : `found by ${found.length} of ${tasks} tasks`
}

/** Every finding once, unless the list at the top already has them all. */
function findingsByFile(findings: readonly DraftFinding[]): string {
  if (findings.length <= MAX_RISKS) return ''
  const rows = findings
    .map((finding, index) => ({ finding, rank: index + 1 }))
    .slice(0, MAX_ROWS)
    .sort(
      (a, b) =>
        compareFiles(a.finding.file, b.finding.file) ||
        (a.finding.line ?? 0) - (b.finding.line ?? 0) ||
        a.rank - b.rank,
    )
    .map(({ finding: { file, line, severity, title, from }, rank }) => {
      const place = formatPlace({ file, line })
      return `| ${place === '' ? '–' : `\`${cell(place)}\``} | ${severity} | ${cell(oneLine(title, 160))} | ${tasksOfRefs(from).length} | ${rank} |`
    })
  const head = '| Place | Severity | Finding | Tasks | Rank |\n| --- | --- | --- | ---: | ---: |'
  return `## Findings by file\n\n${head}\n${rows.join('\n')}${more(findings.length, MAX_ROWS, 'finding')}`
}

/** Sorts findings without a file last. */
function compareFiles(a = '\uffff', b = '\uffff'): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function conflictList(conflicts: readonly Conflict[]): string {
  if (conflicts.length === 0) return ''
  const lines = conflicts.slice(0, MAX_CONFLICTS).map(({ about, sides, resolution, rule }) => {
    const said = sides
      .slice(0, 4)
      .map((side) => `  - ${side.taskId}: ${oneLine(side.recommendation, 200)}`)
    return `- **${oneLine(about, 160)}**\n${said.join('\n')}\n  - ${oneLine(resolution, 300)}\n  - Rule: ${rule}`
  })
  return `## Contradictions\n\n${lines.join('\n')}${more(conflicts.length, MAX_CONFLICTS, 'contradiction')}`
}

function actionList(actions: SynthesisDraft['actions']): string {
  if (actions.length === 0) return ''
  const lines = actions.slice(0, MAX_ACTIONS).map(({ action, why, findings }, index) => {
    // The reason is left out if the list above already gives it.
    const told = findings.length > 0 && findings.every((finding) => finding < MAX_RISKS)
    const reason = told
      ? `For ${listed(findings.map((finding) => `${finding + 1}`))} above.`
      : `Why: ${oneLine(why, 300)}`
    return `${index + 1}. ${oneLine(action, 400)}\n   ${reason}`
  })
  return `## What to do first\n\n${lines.join('\n')}${more(actions.length, MAX_ACTIONS, 'action')}`
}

function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}

/** What tasks without findings say. In a plan that is not a review, this is all there is. */
function digests(results: readonly TaskResult[], findings: readonly DraftFinding[]): string {
  const found = new Set(tasksOfRefs(findings.flatMap(({ from }) => from)))
  const silent = results.filter(({ taskId, text }) => !found.has(taskId) && text.trim() !== '')
  if (silent.length === 0) return ''
  const lines = silent
    .slice(0, MAX_DIGESTS)
    .map(
      ({ taskId, description, text }) =>
        `- **${oneLine(description, 100)}** (${taskId}): ${digest(text)}`,
    )
  const title = findings.length === 0 ? 'What the tasks produced' : 'Tasks without findings'
  return `## ${title}\n\n${lines.join('\n')}${more(silent.length, MAX_DIGESTS, 'task')}`
}

function coverage(results: readonly TaskResult[], titles: ReadonlyMap<string, string>): string {
  const missing = results.filter(({ status }) => status !== 'succeeded')
  const succeeded = results.length - missing.length
  if (results.length === 0) return ''
  if (missing.length === 0) {
    return `## Coverage\n\n${results.length === 1 ? 'The task' : `All ${results.length} tasks`} succeeded.`
  }
  const lines = missing.slice(0, MAX_MISSING).map(({ taskId, status, error }) => {
    const why = error === undefined ? '' : `: ${oneLine(error.message, 240)}`
    return `- ${taskId} (${oneLine(titles.get(taskId) ?? '', 100)}): ${status}${why}`
  })
  return `## Coverage\n\n${succeeded} of ${countOf(results.length, 'task')} succeeded. Missing:\n\n${lines.join('\n')}${more(missing.length, MAX_MISSING, 'task')}`
}

/** The headings and first sentences of a text, or the beginning of its JSON, on one line. */
export function digest(text: string): string {
  const start = shorten(text, 20_000).trim()
  if (/^[[{]/.test(start)) return `\`${oneLine(start, 200).replaceAll('`', "'")}\``
  const headings: string[] = []
  const prose: string[] = []
  let fenced = false
  for (const line of start.split('\n')) {
    if (/^\s*(?:```|~~~)/.test(line)) fenced = !fenced
    if (fenced || /^\s*(?:```|~~~|[-*_]{3,}\s*$|\|)/.test(line)) continue
    const heading = headingOf(line)
    if (heading !== undefined) headings.push(plain(heading))
    else if (line.trim() !== '') prose.push(plain(line))
  }
  const said = oneLine(prose.join(' '), 280)
  const about = headings.slice(0, 3).join(' · ')
  if (said === '' && about === '') return oneLine(start.replaceAll('`', "'"), 280)
  if (about === '' || said.startsWith(about)) return said
  return said === '' ? about : `${about}: ${said}`
}

/** The text of `## Text ##`. */
function headingOf(line: string): string | undefined {
  const marks = /^\s{0,3}#{1,6}\s/.exec(line)?.[0]
  if (marks === undefined) return undefined
  const text = line.slice(marks.length).trim()
  let end = text.length
  while (text[end - 1] === '#') end -= 1
  return text.slice(0, end).trimEnd() || undefined
}

function plain(text: string): string {
  return text
    .replace(/^\s*(?:[-*+>]|\d+[.)])\s+/, '')
    .replace(/\*\*|__|`/g, '')
    .trim()
}

function more(total: number, shown: number, noun: string): string {
  return total > shown ? `\n\n… and ${countOf(total - shown, `more ${noun}`)}.` : ''
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
