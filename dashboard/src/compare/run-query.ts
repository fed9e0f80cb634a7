import { queryOptions } from '@tanstack/react-query'
import { ApiError, requestJson } from '../api/client.ts'
import { planPath } from '../api/queries.ts'
import type {
  Plan,
  PlanPage,
  Report,
  Synthesis,
  SynthesisFinding,
  TaskPage,
  TaskSummary,
} from '../api/types.ts'

/** The parts of a run that are compared. */
export interface Run {
  plan: Plan
  report: Report
  tasks: TaskSummary[]
  findings: readonly SynthesisFinding[]
}

/** `version` changes when the plan does. */
export function runQuery(planId: string, version: string) {
  return queryOptions({
    queryKey: ['plan', planId, 'run', version],
    queryFn: async ({ signal }): Promise<Run> => {
      const path = planPath(planId)
      const [plan, report, tasks, findings] = await Promise.all([
        requestJson<Plan>(path, { signal }),
        requestJson<Report>(`${path}/report`, { signal }),
        allTasks(path, signal),
        newestFindings(path, signal),
      ])
      return { plan, report, tasks, findings }
    },
    staleTime: 60_000,
  })
}

/** Plans with the same title, newest first; usually runs of the same work. */
export function sameTitleQuery(title: string) {
  return queryOptions({
    queryKey: ['plans', 'same title', title],
    queryFn: async ({ signal }) => {
      const query = { search: title.slice(0, 200), limit: 30 }
      const { items } = await requestJson<PlanPage>('/v1/plans', { query, signal })
      return items
    },
    enabled: title !== '',
  })
}

async function allTasks(path: string, signal: AbortSignal): Promise<TaskSummary[]> {
  const tasks: TaskSummary[] = []
  for (let cursor: string | undefined, more = true; more; ) {
    const query = { limit: 200, cursor }
    const page = await requestJson<TaskPage>(`${path}/tasks`, { query, signal })
    tasks.push(...page.items)
    cursor = page.nextCursor ?? undefined
    more = cursor !== undefined
  }
  return tasks
}

async function newestFindings(path: string, signal: AbortSignal): Promise<SynthesisFinding[]> {
  try {
    const { findings } = await requestJson<Synthesis>(`${path}/synthesis`, { signal })
    return findings
  } catch (error) {
    // A plan without a synthesis has no findings.
    if (error instanceof ApiError && [404, 409].includes(error.status)) return []
    throw error
  }
}
