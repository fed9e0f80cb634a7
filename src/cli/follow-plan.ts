import type { Plan, Report, Synthesis, TaskStatus, TaskSummary, Tutti } from '../client/index.ts'
import { SILENT, showProgress } from './commands/show-progress.ts'
import { exitCodeOfPlan } from './exit-code.ts'
import { duration, money, plural, thousands } from './format.ts'
import { advance, progressOf } from './progress.ts'
import { styled, type Terminal, withoutControls } from './terminal.ts'

export interface FollowOptions {
  /** Prints only the result, as JSON. */
  json: boolean
  /** What Ctrl-C does: `cancel` asks first. */
  onInterrupt: 'leave' | 'cancel'
}

/** The outcome of a finished plan, as printed by `--json`. */
interface Outcome {
  plan: Plan
  /** The newest version; `null` if there is none. */
  synthesis: Synthesis | null
  report: Report
  tasks: TaskSummary[]
}

/** The exit code that shells give a process ended by an interrupt. */
const INTERRUPTED = 130
const MOST_PROBLEMS = 20
/** The service's maximum page size. */
const PAGE = 200
const NOT_DONE: TaskStatus[] = ['failed', 'incomplete', 'skipped', 'cancelled']

/**
 * Shows a plan's progress until it has finished, then its synthesis and a summary.
 *
 * @returns The exit code.
 */
export async function followPlan(
  terminal: Terminal,
  tutti: Tutti,
  plan: Plan,
  options: FollowOptions,
): Promise<number> {
  const progress = progressOf(plan)
  const view = options.json ? SILENT : showProgress(terminal, progress)
  const leaving = new AbortController()
  const stopListening = onInterrupt((count) => {
    if (options.onInterrupt === 'leave' || count >= 3) {
      leaving.abort()
    } else if (count === 1) {
      const hint = 'Ctrl-C again cancels the plan; finished outputs are kept.'
      if (options.json) terminal.note(hint)
      else view.hint(hint)
    } else {
      view.hint('cancelling …')
      // The events report the result; a plan that has just finished need not be cancelled.
      tutti.plans.cancel(plan.id, { signal: leaving.signal }).catch((error: unknown) => {
        view.hint(`not cancelled: ${error instanceof Error ? error.message : String(error)}`)
      })
    }
  })
  try {
    for await (const event of tutti.plans.events(plan.id, { signal: leaving.signal })) {
      advance(progress, event, Date.now())
      view.update(event)
    }
  } catch (error) {
    if (!leaving.signal.aborted) throw error
    view.stop()
    terminal.note(`The plan continues; \`tutti watch ${plan.id}\` shows it again.`)
    return INTERRUPTED
  } finally {
    view.stop()
    stopListening()
  }
  const outcome = await outcomeOf(tutti, plan.id, options.json)
  if (options.json) terminal.out(JSON.stringify(outcome, null, 2))
  else present(terminal, outcome)
  return exitCodeOfPlan(outcome.plan)
}

/** Calls back on each interrupt, counted from 1. */
function onInterrupt(call: (count: number) => void): () => void {
  let count = 0
  const listener = () => call(++count)
  process.on('SIGINT', listener)
  return () => process.off('SIGINT', listener)
}

async function outcomeOf(tutti: Tutti, planId: string, everyTask: boolean): Promise<Outcome> {
  const [plan, report] = await Promise.all([tutti.plans.get(planId), tutti.plans.report(planId)])
  const synthesis = plan.synthesis.version > 0 ? await tutti.syntheses.newest(planId) : null
  const tasks: TaskSummary[] = []
  if (everyTask) {
    for await (const task of tutti.tasks.list(planId, { limit: PAGE })) tasks.push(task)
  } else {
    for (const status of NOT_DONE) {
      if (plan.counts[status] === 0) continue
      for await (const task of tutti.tasks.list(planId, { status })) {
        if (tasks.length === MOST_PROBLEMS) break
        tasks.push(task)
      }
    }
  }
  return { plan, synthesis, report, tasks }
}

/** Prints the synthesis as the result, and a summary to the notes. */
function present(terminal: Terminal, { plan, synthesis, report, tasks }: Outcome): void {
  const { note } = terminal
  if (synthesis !== null) terminal.out(terminal.markdown(synthesis.summary))
  note('')
  for (const { id, status, error } of tasks) {
    note(withoutControls(`${status} ${id}${error === undefined ? '' : `: ${error.message}`}`))
  }
  const missing = NOT_DONE.reduce((sum, status) => sum + plan.counts[status], 0)
  if (missing > tasks.length) note(`… and ${missing - tasks.length} more`)
  if (plan.reason !== undefined) note(`why: ${withoutControls(plan.reason.message)}`)
  for (const { message } of report.diagnostics) note(`note: ${withoutControls(message)}`)
  const { counts, usage } = plan
  const tokens = usage.inputTokens + usage.outputTokens
  note(
    [
      styled('bold', `plan ${plan.status}`),
      `${thousands(counts.succeeded)} of ${plural(counts.total, 'task')} succeeded`,
      `in ${duration(report.wallMs)}, ${report.speedup.toFixed(1)} times as fast as one after another (estimated)`,
      ...(tokens > 0 ? [`${thousands(tokens)} tokens, ${costOf(report)}`] : []),
    ].join('; '),
  )
  note(
    styled('dim', `plan ${plan.id}: \`tutti output ${plan.id} TASK\` shows what a task produced`),
  )
}

/** `$0.30 ($0.05 for the synthesis; estimated $0.02 to $0.40)`. */
function costOf({ usage, cost: { synthesisUsd, estimateUsd } }: Report): string {
  const more = [
    ...(synthesisUsd > 0 ? [`${money(synthesisUsd)} for the synthesis`] : []),
    ...(estimateUsd === null
      ? []
      : [`estimated ${money(estimateUsd.low)} to ${money(estimateUsd.high)}`]),
  ]
  return `${money(usage.costUsd)}${more.length === 0 ? '' : ` (${more.join('; ')})`}`
}
