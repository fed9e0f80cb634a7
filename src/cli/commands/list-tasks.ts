import { describeWaiting, type TaskStatus, type TaskSummary } from '../../client/index.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { cut, duration, money, table } from '../format.ts'

/**
 * Lists a plan's tasks, one per line, with what they wait for or why they failed. @returns The exit
 * code.
 */
export async function listTasks(
  { terminal, quick }: Context,
  planId: string,
  { json, status }: { json: boolean; status?: TaskStatus | undefined },
): Promise<number> {
  const tasks: TaskSummary[] = []
  for await (const task of quick.tasks.list(planId, { status })) tasks.push(task)
  if (json) {
    terminal.out(JSON.stringify(tasks, null, 2))
    return EXIT.succeeded
  }
  const now = Date.now()
  const priced = tasks.some(({ usage }) => usage.costUsd > 0)
  const head = ['TASK', 'STATUS', 'ATTEMPT', 'TOOK', ...(priced ? ['COST'] : []), 'WHY']
  terminal.out(terminal.printable(table([head, ...tasks.map((task) => rowOf(task, now, priced))])))
  return EXIT.succeeded
}

function rowOf(task: TaskSummary, now: number, priced: boolean): string[] {
  const { id, status, attemptCount, maxAttempts, timings, error, waitingFor, usage } = task
  const { startedAt, finishedAt } = timings
  const end = finishedAt === null ? now : Date.parse(finishedAt)
  const took = startedAt === null ? '' : duration(Math.max(0, end - Date.parse(startedAt)))
  const waits = describeWaiting(waitingFor)
  const why = error?.message ?? (waits === '' ? '' : `waits for ${waits}`)
  const cost = priced ? [usage.costUsd > 0 ? money(usage.costUsd) : ''] : []
  return [id, status, `${attemptCount}/${maxAttempts}`, took, ...cost, cut(why, 100)]
}
