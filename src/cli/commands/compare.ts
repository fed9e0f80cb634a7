import {
  compareFindings,
  compareTasks,
  type Plan,
  type Report,
  type SynthesisFinding,
  type TaskSummary,
  type Tutti,
  TuttiError,
  tookMs,
} from '../../client/index.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { duration, money, plural, table } from '../format.ts'

interface Run {
  plan: Plan
  report: Report
  tasks: TaskSummary[]
  findings: SynthesisFinding[]
}

/** Prints what is new, still there and gone between two runs, and what each took. @returns The exit code. */
export async function compare(
  { terminal, quick }: Context,
  planIds: { before: string; after: string },
  { json }: { json: boolean },
): Promise<number> {
  const [before, after] = await Promise.all([
    runOf(quick, planIds.before),
    runOf(quick, planIds.after),
  ])
  const findings = compareFindings(before.findings, after.findings)
  const tasks = compareTasks(before.tasks, after.tasks)
  if (json) {
    const figures = ({ plan, report }: Run) => ({ plan, report })
    terminal.out(
      JSON.stringify({ before: figures(before), after: figures(after), findings, tasks }, null, 2),
    )
    return EXIT.succeeded
  }
  const sections = [
    figuresOf(before, after),
    ...listOf('New', findings.new),
    ...listOf('Gone', findings.gone),
    ...(findings.still.length === 0
      ? []
      : [`${plural(findings.still.length, 'finding')} still there.`]),
    taskTable(tasks.filter(hasChanged)),
  ].filter((section) => section !== '')
  terminal.out(terminal.printable(sections.join('\n\n')))
  return EXIT.succeeded
}

async function runOf(tutti: Tutti, planId: string): Promise<Run> {
  const [plan, report] = await Promise.all([tutti.plans.get(planId), tutti.plans.report(planId)])
  const tasks: TaskSummary[] = []
  for await (const task of tutti.tasks.list(planId, { limit: 200 })) tasks.push(task)
  return { plan, report, tasks, findings: await findingsOf(tutti, planId) }
}

async function findingsOf(tutti: Tutti, planId: string): Promise<SynthesisFinding[]> {
  try {
    return (await tutti.syntheses.newest(planId)).findings
  } catch (error) {
    const isNone =
      error instanceof TuttiError &&
      ['synthesis-not-ready', 'synthesis-disabled'].includes(error.code)
    if (isNone) return []
    throw error
  }
}

function figuresOf(before: Run, after: Run): string {
  const rows = [before, after].map(({ plan, report, findings }) => [
    plan.id,
    plan.status,
    `${plan.counts.succeeded}/${plan.counts.total}`,
    `${findings.length}`,
    duration(report.wallMs),
    plan.usage.costUsd > 0 ? money(plan.usage.costUsd) : '',
  ])
  return table([['PLAN', 'STATUS', 'TASKS', 'FINDINGS', 'TOOK', 'COST'], ...rows])
}

function listOf(title: string, findings: readonly SynthesisFinding[]): string[] {
  if (findings.length === 0) return []
  const lines = findings.map(({ severity, title: what, file, line }) => {
    const place = file === undefined ? '' : ` (${file}${line === undefined ? '' : `:${line}`})`
    return `  ${severity}: ${what}${place}`
  })
  return [`${title}:\n${lines.join('\n')}`]
}

function hasChanged({ before, after }: ReturnType<typeof compareTasks>[number]): boolean {
  return before?.status !== after?.status
}

function taskTable(tasks: ReturnType<typeof compareTasks>): string {
  if (tasks.length === 0) return ''
  const cell = (task: TaskSummary | undefined) => {
    if (task === undefined) return 'not there'
    const took = tookMs(task)
    return took === undefined ? task.status : `${task.status}, ${duration(took)}`
  }
  return table([
    ['TASK', 'BEFORE', 'AFTER'],
    ...tasks.map(({ taskId, before, after }) => [taskId, cell(before), cell(after)]),
  ])
}
