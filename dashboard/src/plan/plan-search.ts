import { TASK_STATUSES } from '../../../src/client/status.ts'
import type { LedgerEntry, Severity, TaskStatus } from '../api/types.ts'

export const PLAN_TABS = [
  'timeline',
  'synthesis',
  'conflicts',
  'todos',
  'report',
  'compare',
] as const
export type PlanTab = (typeof PLAN_TABS)[number]

export const ORDERS = ['plan', 'active', 'start', 'duration', 'status', 'cost'] as const
export type Order = (typeof ORDERS)[number]

export const ROW_SIZES = ['full', 'compact'] as const
export type RowSize = (typeof ROW_SIZES)[number]

export const SEVERITIES = [
  'critical',
  'high',
  'medium',
  'low',
  'info',
] as const satisfies Severity[]
export const FATES = [
  'kept',
  'merged',
  'dropped',
  'refuted',
] as const satisfies LedgerEntry['fate'][]

/** The state of a plan's page in its address: whoever opens the link sees the same. */
export interface PlanSearch {
  tab?: PlanTab | undefined
  /** The task whose panel is open. */
  task?: string | undefined
  /** A finding to show: `f-3` in the synthesis, `security/2` in the task's panel. */
  finding?: string | undefined
  /** Only show tasks with this text in their id or description. */
  q?: string | undefined
  /** Only show tasks with these statuses, comma-separated; all if absent. */
  status?: string | undefined
  order?: Order | undefined
  /** How high the rows of the timeline are; by the size of the plan when absent. */
  rows?: RowSize | undefined
  version?: number | undefined
  /** The plan that this one is compared with. */
  with?: string | undefined
  severity?: Severity | undefined
  fate?: LedgerEntry['fate'] | undefined
}

export function parsePlanSearch(search: Record<string, unknown>): PlanSearch {
  const statuses = statusesOf(textOf(search['status']))
  const version = Number(search['version'])
  return defined({
    tab: oneOf(PLAN_TABS, search['tab']),
    task: textOf(search['task']),
    finding: textOf(search['finding']),
    q: textOf(search['q']),
    status: statuses.length === 0 ? undefined : statuses.join(','),
    order: oneOf(ORDERS, search['order']),
    rows: oneOf(ROW_SIZES, search['rows']),
    version: Number.isInteger(version) && version > 0 ? version : undefined,
    severity: oneOf(SEVERITIES, search['severity']),
    with: textOf(search['with']),
    fate: oneOf(FATES, search['fate']),
  })
}

/** Parses `failed,incomplete`, ignoring unknown statuses. */
export function statusesOf(text: string | undefined): TaskStatus[] {
  const names = new Set(text?.split(','))
  return TASK_STATUSES.filter((status) => names.has(status))
}

function textOf(value: unknown): string | undefined {
  // The router parses a text of digits as a number.
  const text = typeof value === 'number' ? `${value}` : value
  return typeof text === 'string' && text !== '' ? text : undefined
}

function oneOf<T extends string>(names: readonly T[], value: unknown): T | undefined {
  return names.find((name) => name === value)
}

function defined(search: PlanSearch): PlanSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined))
}
