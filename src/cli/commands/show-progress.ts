import { createLogUpdate } from 'log-update'
import { isEnded, type PlanEvent } from '../../client/index.ts'
import { duration } from '../format.ts'
import { panel, summaryOf } from '../panel.ts'
import { countsOf, type Progress, type TaskProgress } from '../progress.ts'
import { type Terminal, withoutControls } from '../terminal.ts'

type ChangeEvent = Exclude<PlanEvent, { type: 'snapshot' }>

/** Shows the progress of a plan. */
export interface ProgressView {
  /** Call it after the change has been applied to the progress. */
  update(event: PlanEvent): void
  /** A line below the progress that stays until the next one. */
  hint(text: string): void
  /** Leaves the last state on the screen. */
  stop(): void
}

const REDRAW_MS = 100

/** A panel that is redrawn if there is a terminal, otherwise a line per change. */
export function showProgress(terminal: Terminal, progress: Progress): ProgressView {
  const { isTTY, rows } = terminal.notes
  // A terminal that does not know its size, as on some build systems, reports 0.
  return isTTY && rows > 0 ? livePanel(terminal, progress) : plainLines(terminal, progress)
}

/** For `--json`: shows nothing. */
export const SILENT: ProgressView = { update() {}, hint() {}, stop() {} }

function livePanel({ notes }: Terminal, progress: Progress): ProgressView {
  const draw = createLogUpdate(notes)
  const since = Date.now()
  let hint = ''
  const redraw = () => {
    const now = Date.now()
    const size = { columns: notes.columns, rows: notes.rows - (hint === '' ? 0 : 1) }
    draw([panel(progress, size, now - since, now), ...(hint === '' ? [] : [hint])].join('\n'))
  }
  // Uses a timer rather than the events, so that bursts cost nothing and clocks keep ticking.
  const timer = setInterval(redraw, REDRAW_MS)
  return {
    update() {},
    hint(text) {
      hint = text
      redraw()
    },
    stop() {
      clearInterval(timer)
      hint = ''
      redraw()
      draw.done()
    },
  }
}

function plainLines({ note }: Terminal, progress: Progress): ProgressView {
  return {
    update(event) {
      for (const line of linesOf(event, progress)) note(withoutControls(line))
    },
    hint: note,
    stop() {},
  }
}

/** A plan with more tasks is summarised by its counts at first. */
const MOST_TASKS_TOLD = 100

function linesOf(event: PlanEvent, progress: Progress): string[] {
  if (event.type !== 'snapshot') {
    const line = lineOf(event, progress)
    return line === undefined ? [] : [line]
  }
  const { id } = event.data.plan
  const head = `plan ${id} is ${progress.status} (${summaryOf(countsOf(progress))}): ${progress.title}`
  const tasks = [...progress.tasks.values()]
  if (tasks.length > MOST_TASKS_TOLD) return [head]
  const ended = tasks.filter(({ status }) => isEnded(status))
  const running = tasks.filter(({ status }) => status === 'running')
  return [head, ...ended.map((task) => endOf(task)), ...running.map((task) => startOf(task))]
}

function startOf({ id, attempt, description }: TaskProgress): string {
  return `started ${id}${attempt > 1 ? ` (attempt ${attempt})` : ''}: ${description}`
}

function endOf({ id, status, durationMs, error }: TaskProgress): string {
  const took = durationMs === undefined ? '' : ` after ${duration(durationMs)}`
  return `${status} ${id}${took}${error === undefined ? '' : `: ${error}`}`
}

function lineOf(event: ChangeEvent, progress: Progress): string | undefined {
  const { taskId = '' } = event.data
  const task = progress.tasks.get(taskId)
  const why = task?.error === undefined ? '' : `: ${task.error}`
  switch (event.type) {
    case 'task.started':
      return task === undefined ? undefined : startOf(task)
    case 'task.finished':
      return task === undefined ? undefined : endOf(task)
    case 'task.retrying':
      return `trying ${taskId} again${why}`
    case 'task.requeued':
      return `queued ${taskId} again${why}`
    case 'tasks.added':
      return `added ${event.data.tasks.length} task${event.data.tasks.length === 1 ? '' : 's'}`
    case 'plan.stopped':
      return `stopped: ${progress.stopped ?? ''}`
    case 'plan.reopened':
      return 'opened again'
    case 'synthesis.started':
      return 'writing the synthesis'
    case 'synthesis.finished':
      return `synthesis ${event.data.version} ${event.data.status}`
    case 'plan.finished':
      return `plan ${event.data.status}`
    case 'plan.queued':
    case 'plan.started':
    case 'step.finished':
    case 'task.text':
      return undefined
  }
}
