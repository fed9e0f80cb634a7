import type { PlansApi } from '../contract/api.ts'
import { decodeCursor, encodeCursor } from '../contract/cursor.ts'
import type { PlanRecord, TaskState } from '../ports/records.ts'
import type { StoreClock } from '../ports/store-clock.ts'
import { isSelective, planFilter } from './filter-plans.ts'
import { planView } from './plan-views.ts'
import { buildReport } from './report.ts'
import { allTasks, type ReadDeps, requirePlan } from './require-plan.ts'
import { buildTodos } from './todos.ts'

/** The most plans read for one filtered page; its cursor continues after them. */
const MOST_SCANNED = 2_000

export function readPlans(
  deps: ReadDeps & { now: StoreClock },
): Pick<PlansApi, 'list' | 'get' | 'report' | 'todos'> {
  return {
    async list({ tenant, limit, cursor, ...filter }) {
      const items: PlanRecord[] = []
      const isWanted = planFilter(filter)
      const { createdFrom = 0, createdBefore } = filter
      // Plans are listed by time, so plans that are too new are never read.
      const top = createdBefore === undefined ? undefined : `${createdBefore}`
      let before = cursor === undefined ? top : decodeCursor(cursor)
      let scanned = 0
      let more = true
      while (more && items.length < limit && scanned < MOST_SCANNED) {
        const wanted = isSelective(filter) ? 200 : limit
        const page = await deps.plans.list({ tenant, limit: wanted, before })
        scanned += wanted
        const oldest = page.plans.at(-1)?.createdAt ?? createdFrom
        more = page.next !== undefined && oldest >= createdFrom
        before = page.next
        for (const record of page.plans) {
          if (!isWanted(record)) continue
          items.push(record)
          if (items.length < limit) continue
          // The page may have more: continue after this one.
          before = `${record.createdAt}~${record.spec.id}`
          more = more || record !== page.plans.at(-1)
          break
        }
      }
      return {
        items: items.map((record) => planView(record, { waves: false })),
        nextCursor: more && before !== undefined ? encodeCursor(before) : null,
      }
    },

    async get(tenant, planId, wait) {
      if (wait === undefined) {
        return planView(await requirePlan(deps, tenant, planId), { waves: true })
      }
      let latest: PlanRecord | undefined
      await deps.waiting.until(
        planId,
        (change) => change.type === 'plan.finished',
        async () => {
          latest = await requirePlan(deps, tenant, planId)
          return latest.outcome
        },
        wait,
      )
      const record = latest ?? (await requirePlan(deps, tenant, planId))
      return planView(record, { waves: true })
    },

    async report(tenant, planId) {
      const record = await requirePlan(deps, tenant, planId)
      const tasks: Parameters<typeof buildReport>[0]['tasks'] = []
      for await (const { spec, state } of allTasks(deps, planId)) {
        tasks.push({
          taskId: spec.id,
          status: state.status,
          dependsOn: spec.waitsFor ?? [],
          queuedAt: state.queuedAt ?? record.createdAt,
          startedAt: state.startedAt,
          finishedAt: state.finishedAt,
          attempts: state.attempt,
          // `<host>:<process>`
          host: state.workerId?.replace(/:\d+$/, ''),
          coreTimes: state.coreTimes,
          costUsd: state.usage.costUsd,
          lost: state.unspent,
        })
      }
      return buildReport({
        tasks,
        usage: record.usage,
        estimate: record.spec.estimate,
        now: await deps.now(),
        createdAt: record.createdAt,
        startedAt: record.startedAt,
        maxConcurrency: record.spec.policy.maxConcurrency,
        mode: record.spec.mode,
      })
    },

    async todos(tenant, planId) {
      const record = await requirePlan(deps, tenant, planId)
      const tasks: { description: string; status: TaskState['status'] }[] = []
      for await (const { spec, state } of allTasks(deps, planId)) {
        tasks.push({ description: spec.description, status: state.status })
      }
      return buildTodos(tasks, { status: record.synthesis.status })
    },
  }
}
