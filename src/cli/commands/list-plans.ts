import { isFinished, type Plan, type PlanQuery } from '../../client/index.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { age, cut, duration, ended, money, table } from '../format.ts'

export interface ListOptions
  extends Pick<PlanQuery, 'status' | 'search' | 'createdFrom' | 'createdBefore' | 'minCostUsd'> {
  json: boolean
  limit: number
}

/** Lists the newest plans, one per line. @returns The exit code. */
export async function listPlans(
  { terminal, quick }: Context,
  { json, limit, ...filter }: ListOptions,
): Promise<number> {
  const plans: Plan[] = []
  for await (const plan of quick.plans.list({ ...filter, limit: Math.min(limit, 100) })) {
    plans.push(plan)
    if (plans.length === limit) break
  }
  if (json) {
    terminal.out(JSON.stringify(plans, null, 2))
    return EXIT.succeeded
  }
  if (plans.length === 0) {
    const isFiltered = Object.values(filter).some((part) => part !== undefined)
    terminal.note(
      isFiltered
        ? 'No plan is like that.'
        : 'There are no plans yet; `tutti run plan.yaml` submits one.',
    )
    return EXIT.succeeded
  }
  const explained = plans.some(({ reason }) => reason !== undefined)
  const head = [
    'PLAN',
    'STATUS',
    ...(explained ? ['WHY'] : []),
    'TASKS',
    'AGE',
    'TOOK',
    'COST',
    'TITLE',
  ]
  const now = Date.now()
  terminal.out(
    terminal.printable(table([head, ...plans.map((plan) => rowOf(plan, now, explained))])),
  )
  return EXIT.succeeded
}

function rowOf(plan: Plan, now: number, explained: boolean): string[] {
  const { id, status, counts, createdAt, startedAt, finishedAt, usage, title } = plan
  const end = finishedAt === null ? now : Date.parse(finishedAt)
  const took = startedAt === null ? '' : duration(Math.max(0, end - Date.parse(startedAt)))
  const cost = usage.costUsd > 0 ? money(usage.costUsd) : ''
  const tasks = isFinished(status) ? `${counts.succeeded}/${counts.total}` : ended(counts)
  const why = explained ? [plan.reason?.code ?? ''] : []
  return [id, status, ...why, tasks, age(createdAt, now), took, cost, cut(title, 60)]
}
