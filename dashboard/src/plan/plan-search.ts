export const PLAN_TABS = ['timeline', 'synthesis', 'conflicts', 'todos', 'report'] as const
export type PlanTab = (typeof PLAN_TABS)[number]

export interface PlanSearch {
  tab?: PlanTab | undefined
  /** The task whose panel is open. */
  task?: string | undefined
  /** A finding to show: `f-3` in the synthesis, `security/2` in the task's panel. */
  finding?: string | undefined
}

export function parsePlanSearch(search: Record<string, unknown>): PlanSearch {
  const tab = PLAN_TABS.find((name) => name === search['tab'])
  return {
    ...(tab === undefined ? {} : { tab }),
    ...(typeof search['task'] === 'string' ? { task: search['task'] } : {}),
    ...(typeof search['finding'] === 'string' ? { finding: search['finding'] } : {}),
  }
}
