import { SEVERITIES } from '../contract/findings.ts'
import type { Conflict } from '../contract/synthesis.ts'
import { formatPlace } from '../findings/places.ts'
import type { SynthesisDraft, TaskResult } from '../ports/models.ts'
import { countOf, type DraftFinding, oneLine, tasksOfRefs } from './draft-findings.ts'

const MAX_RISKS = 10
const MAX_AGREED = 10
const MAX_CONFLICTS = 10
const MAX_ACTIONS = 10
const MAX_DIGESTS = 50
const MAX_MISSING = 30

/** A Markdown summary that can be read on its own: what was found, what to do first, what is missing. */
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
    topRisks(findings),
    agreement(findings),
    conflictList(conflicts),
    actionList(actions),
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

function topRisks(findings: readonly DraftFinding[]): string {
  if (findings.length === 0) return ''
  const lines = findings.slice(0, MAX_RISKS).map((finding, index) => {
    const place = formatPlace({ file: finding.file, line: finding.line })
    const detail = oneLine(finding.detail.split('\n', 1)[0] ?? '', 240)
    const says = detail === '' || detail === finding.title ? '' : `\n   ${detail}`
    return `${index + 1}. **${capital(finding.severity)}: ${oneLine(finding.title, 160)}**${place === '' ? '' : ` in \`${place}\``} (${named(tasksOfRefs(finding.from))}; ${Math.round(finding.confidence * 100)}% sure)${says}`
  })
  return `## Top risks\n\n${lines.join('\n')}${more(findings.length, MAX_RISKS, 'finding')}`
}

function agreement(findings: readonly DraftFinding[]): string {
  const agreed = findings
    .map((finding) => ({ finding, tasks: tasksOfRefs(finding.from) }))
    .filter(({ tasks }) => tasks.length > 1)
    .sort((a, b) => b.tasks.length - a.tasks.length)
  if (agreed.length === 0) return ''
  const lines = agreed
    .slice(0, MAX_AGREED)
    .map(
      ({ finding, tasks }) =>
        `- ${oneLine(finding.title, 160)}: ${countOf(tasks.length, 'task')} (${named(tasks)})`,
    )
  return `## Found by more than one task\n\n${lines.join('\n')}${more(agreed.length, MAX_AGREED, 'finding')}`
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
  const lines = actions
    .slice(0, MAX_ACTIONS)
    .map(
      ({ action, why }, index) =>
        `${index + 1}. ${oneLine(action, 400)}\n   Why: ${oneLine(why, 300)}`,
    )
  return `## What to do first\n\n${lines.join('\n')}${more(actions.length, MAX_ACTIONS, 'action')}`
}

/** What the tasks say that reported no finding: all there is of a plan that is no review. */
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

/** The headings of a text and its first sentences, or the beginning of its JSON, on one line. */
export function digest(text: string): string {
  const start = text.slice(0, 20_000).trim()
  if (/^[[{]/.test(start)) return `\`${oneLine(start, 200).replaceAll('`', "'")}\``
  const headings: string[] = []
  const prose: string[] = []
  let fenced = false
  for (const line of start.split('\n')) {
    if (/^\s*(?:```|~~~)/.test(line)) fenced = !fenced
    if (fenced || /^\s*(?:```|~~~|[-*_]{3,}\s*$|\|)/.test(line)) continue
    const heading = /^\s{0,3}#{1,6}\s+(.+?)\s*#*$/.exec(line)?.[1]
    if (heading !== undefined) headings.push(plain(heading))
    else if (line.trim() !== '') prose.push(plain(line))
  }
  const said = oneLine(prose.join(' '), 280)
  const about = headings.slice(0, 3).join(' · ')
  if (said === '' && about === '') return oneLine(start.replaceAll('`', "'"), 280)
  if (about === '' || said.startsWith(about)) return said
  return said === '' ? about : `${about}: ${said}`
}

function plain(text: string): string {
  return text
    .replace(/^\s*(?:[-*+>]|\d+[.)])\s+/, '')
    .replace(/\*\*|__|`/g, '')
    .trim()
}

function named(tasks: readonly string[]): string {
  return tasks.length <= 5
    ? tasks.join(', ')
    : `${tasks.slice(0, 4).join(', ')} and ${tasks.length - 4} more`
}

function more(total: number, shown: number, noun: string): string {
  return total > shown ? `\n\n… and ${countOf(total - shown, `more ${noun}`)}.` : ''
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
