import { type Finding, SEVERITIES, type Severity } from '../../core/contract/findings.ts'
import { PERSPECTIVES, type Perspective } from './options.ts'
import type { AnalysisReport, Omission } from './report.ts'

const HEADINGS: Record<Severity, string> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  info: 'Info',
}

/** The review as Markdown. The same report gives the same text. */
export function renderReport(
  report: AnalysisReport,
  task: {
    perspectives: readonly Perspective[]
    because: 'option' | 'words' | 'nothing named'
    globs: readonly string[]
  },
): string {
  const title =
    task.perspectives.length === PERSPECTIVES.length
      ? 'all perspectives'
      : task.perspectives.join(', ')
  const parts = [
    `# Static analysis: ${title}`,
    summary(report),
    '*Found by rules that match patterns in the code. No model read it: what no rule describes is not here, and what a rule matched may have a reason that it cannot see.*',
    ...SEVERITIES.flatMap((severity) => section(severity, report.findings)),
    ...(report.leftOutCount > 0
      ? [
          `*${report.leftOutCount} further findings, the least severe, are left out. Raise \`options.maxFindings\` to see them.*`,
        ]
      : []),
    `## What ran\n\n${whatRan(report, task).join('\n')}`,
    `## What it did not look at\n\n${notLookedAt(report).join('\n')}`,
  ]
  return `${parts.join('\n\n')}\n`
}

function summary(report: AnalysisReport): string {
  const files = [
    ...(report.analysedCount > 0
      ? [count(report.analysedCount, 'TypeScript or JavaScript file')]
      : []),
    ...(report.searchedCount > 0
      ? [`${count(report.searchedCount, 'file')} searched for secrets`]
      : []),
  ].join(' and ')
  const total = SEVERITIES.reduce((sum, severity) => sum + report.countBySeverity[severity], 0)
  if (report.analysedCount + report.searchedCount === 0)
    return 'There was nothing that these rules can read.'
  if (total === 0) return `No findings by these ${ruleCount(report)} rules in ${files}.`
  const counts = SEVERITIES.filter((severity) => report.countBySeverity[severity] > 0).map(
    (severity) => `${report.countBySeverity[severity]} ${severity}`,
  )
  return `**${count(total, 'finding')}** (${counts.join(', ')}) by ${ruleCount(report)} rules in ${files}.`
}

function ruleCount(report: AnalysisReport): number {
  const used = report.tools.filter(({ fileCount }) => fileCount > 0)
  return used.reduce((sum, tool) => sum + (tool.ruleCount ?? 0), 0)
}

function section(severity: Severity, findings: readonly Finding[]): string[] {
  const here = findings.filter((finding) => finding.severity === severity)
  if (here.length === 0) return []
  const blocks = here.map(block)
  return [`## ${HEADINGS[severity]}\n\n${blocks.join('\n')}`]
}

function block(finding: Finding): string {
  const place =
    finding.file === undefined
      ? ''
      : ` — ${code(finding.line === undefined ? finding.file : `${finding.file}:${finding.line}`)}`
  const [evidence = '', ...also] = (finding.evidence ?? '').split('\n')
  const lines = [
    `- **${plain(finding.title)}**${place} (confidence ${finding.confidence})`,
    ...(evidence === ''
      ? []
      : [`  ${code(evidence)}${also.length > 0 ? ` ${plain(also.join(' '))}` : ''}  `]),
    `  ${plain(stop(finding.detail ?? ''))} *${plain(stop(finding.recommendation ?? ''))}*`,
  ]
  return lines.join('\n')
}

function whatRan(
  report: AnalysisReport,
  task: { perspectives: readonly Perspective[]; because: string; globs: readonly string[] },
): string[] {
  const why = {
    option: 'as `options.perspective` says',
    words: 'by the words of the task',
    'nothing named': 'because the task names none',
  }
  const because = why[task.because as keyof typeof why]
  return [
    `- Perspectives: ${task.perspectives.join(', ')}, ${because}.`,
    task.globs.length === 0
      ? '- Files: the whole workspace.'
      : `- Files: ${count(report.selectedCount, 'file')} selected by ${list(task.globs.map(code))}.`,
    ...report.tools.map(
      ({ name, ruleCount: rules, fileCount }) =>
        `- ${name}: ${rules === undefined ? '' : `${count(rules, 'rule')}, `}${count(fileCount, 'file')}.`,
    ),
    ...report.failures.map((failure) => `- **Did not run:** ${plain(failure)}.`),
    '- Nothing of the workspace was run, and no configuration of its linters was used. Comments that switch off rules of oxlint or secretlint were respected.',
  ]
}

function notLookedAt(report: AnalysisReport): string[] {
  return [
    ...report.omissions.map(omissionLine),
    '- What a program does when it runs, what its dependencies do, and whether it does what it should.',
  ]
}

function omissionLine({ reason, count: number, examples }: Omission): string {
  if (examples.length === 0) return `- ${reason}.`
  const groups = examples.some((example) => example.includes(' × '))
  const more = groups || examples.length === number ? '' : ', …'
  return `- ${reason}: ${number} (${examples.map(code).join(', ')}${more})`
}

function list(items: readonly string[]): string {
  return items.length > 10
    ? `${items.slice(0, 10).join(', ')} and ${items.length - 10} more`
    : items.join(', ')
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

function stop(text: string): string {
  return text === '' || /[.!?\]]$/.test(text) ? text : `${text}.`
}

/** As inline code, whatever the text contains: it is from the reviewed project. */
function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const line = text.replace(/\s+/g, ' ')
  return longest > 0 ? `${fence} ${line} ${fence}` : `${fence}${line}${fence}`
}

/** Escapes Markdown and HTML that would change how the text reads; backticks are ours. */
function plain(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(/[\\*_<>#|[\]]/g, '\\$&')))
    .join('')
}
