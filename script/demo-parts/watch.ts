/** Follows a plan and shows its tasks while they run in parallel. */
import { createLogUpdate } from 'log-update'
import { isEnded, type PlanEvent, type Tutti } from '../../src/client/index.ts'
import { seconds, type TimelineRow, timeline } from './timeline.ts'

const REDRAW_MS = 80

/** Resolves once the plan has finished. */
export async function watchPlan(
  tutti: Tutti,
  planId: string,
  output: NodeJS.WriteStream,
): Promise<void> {
  const submitted = performance.now()
  const rows = new Map<string, TimelineRow>()
  const elapsed = () => performance.now() - submitted
  const draw = createLogUpdate(output)
  const redraw = () => {
    if (rows.size > 0)
      draw(timeline([...rows.values()], elapsed(), output.columns, axisOf(elapsed())))
  }
  const timer = output.isTTY ? setInterval(redraw, REDRAW_MS) : undefined
  try {
    for await (const event of tutti.plans.events(planId)) {
      advance(rows, event, elapsed())
      if (!output.isTTY) sayChange(event, elapsed(), output)
    }
  } finally {
    clearInterval(timer)
    // The final drawing follows, with the service's own times.
    if (output.isTTY) draw.clear()
  }
}

const SECOND = 1_000
const AXES = [1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 300, 600].map((length) => length * SECOND)

/**
 * An axis with spare room whose length is stable for a while: bars grow instead of being squeezed.
 */
function axisOf(elapsedMs: number): number {
  return AXES.find((axisMs) => axisMs >= elapsedMs) ?? elapsedMs
}

/** @param nowMs Time since the submission of the plan. */
export function advance(rows: Map<string, TimelineRow>, event: PlanEvent, nowMs: number): void {
  if (event.type === 'snapshot') {
    for (const { id, status } of event.data.tasks) {
      rows.set(id, {
        name: id,
        status,
        startMs: status === 'queued' ? undefined : 0,
        endMs: isEnded(status) ? nowMs : undefined,
      })
    }
    rows.set('', { name: 'synthesis', status: 'queued', startMs: undefined, endMs: undefined })
    return
  }
  const row = rows.get(event.data.taskId ?? '')
  if (row === undefined) return
  switch (event.type) {
    case 'task.started':
    case 'synthesis.started':
      Object.assign(row, { status: 'running', startMs: nowMs, endMs: undefined })
      break
    case 'task.finished':
    case 'synthesis.finished':
      Object.assign(row, { status: event.data.status ?? 'succeeded', endMs: nowMs })
      break
    case 'task.requeued':
    case 'task.retrying':
      Object.assign(row, { status: 'queued', startMs: undefined })
      break
    case 'plan.started':
    case 'plan.stopped':
    case 'plan.reopened':
    case 'plan.finished':
    case 'task.text':
      break
  }
}

function sayChange(event: PlanEvent, nowMs: number, output: NodeJS.WriteStream): void {
  if (event.type === 'snapshot') {
    const running = event.data.tasks.filter(({ status }) => status === 'running')
    for (const { id } of running) output.write(lineOf(nowMs, 'running', id))
    return
  }
  const name = event.data.taskId ?? 'synthesis'
  const [subject, change] = event.type.split('.')
  if (subject === 'plan' || change === 'text') return
  const what = 'status' in event.data ? event.data.status : change
  output.write(lineOf(nowMs, what ?? '', name))
}

function lineOf(nowMs: number, what: string, name: string): string {
  return `  ${seconds(nowMs).padStart(7)}  ${what.padEnd(9)}  ${name}\n`
}
