import { createLogUpdate } from 'log-update'
import type { PlanEvent } from '../client/index.ts'
import { duration } from './format.ts'
import { panel } from './panel.ts'
import type { Progress } from './progress.ts'
import { type Terminal, withoutControls } from './terminal.ts'

/** Shows how a plan moves on. */
export interface ProgressView {
  /** After the change was taken in. */
  update(event: PlanEvent): void
  /** A line below the progress that stays until the next one. */
  hint(text: string): void
  /** The last state stays on the screen. */
  stop(): void
}

const REDRAW_MS = 100

/** A panel that is drawn over and over where there is a terminal, else a line for each change. */
export function showProgress(terminal: Terminal, progress: Progress): ProgressView {
  const { isTTY, rows } = terminal.notes
  // A terminal that does not know its size, as some of build systems, says 0.
  return isTTY && rows > 0 ? livePanel(terminal, progress) : plainLines(terminal, progress)
}

/** For `--json`: nothing. */
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
  // A timer rather than the events, so that a burst of them costs nothing, and clocks move on.
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
      const line = lineOf(event, progress)
      if (line !== undefined) note(withoutControls(line))
    },
    hint: note,
    stop() {},
  }
}

function lineOf(event: PlanEvent, progress: Progress): string | undefined {
  if (event.type === 'snapshot') {
    return `plan ${event.data.plan.id} is ${progress.status}: ${progress.title}`
  }
  const { taskId = '', attempt, durationMs, status, version } = event.data
  const about = progress.tasks.get(taskId)
  const why = about?.error === undefined ? '' : `: ${about.error}`
  switch (event.type) {
    case 'task.started':
      return `started ${taskId}${attempt !== undefined && attempt > 1 ? ` (attempt ${attempt})` : ''}: ${about?.description ?? ''}`
    case 'task.finished': {
      const took = durationMs ?? about?.durationMs
      return `${status ?? 'ended'} ${taskId}${took === undefined ? '' : ` after ${duration(took)}`}${why}`
    }
    case 'task.retrying':
      return `trying ${taskId} again${why}`
    case 'task.requeued':
      return `queued ${taskId} again${why}`
    case 'plan.stopped':
      return `stopped: ${progress.stopped ?? ''}`
    case 'plan.reopened':
      return 'opened again'
    case 'synthesis.started':
      return 'writing the synthesis'
    case 'synthesis.finished':
      return `synthesis ${version ?? ''} ${status ?? 'written'}`
    case 'plan.finished':
      return `plan ${status ?? 'finished'}`
    case 'plan.started':
    case 'task.text':
      return undefined
  }
}
