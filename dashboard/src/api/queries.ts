import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { describeWaiting } from '../../../src/client/waiting.ts'
import { PERIODS, type PlansSearch } from '../plans/plans-search.ts'
import { ApiError, requestJson } from './client.ts'
import { serverNow } from './server-clock.ts'
import { isActive } from './statuses.ts'
import type {
  ExecutorList,
  Plan,
  PlanPage,
  Report,
  Step,
  StepPage,
  SynthesisList,
  TaskDetail,
  TaskOutput,
  TaskPage,
  Todos,
  Workers,
} from './types.ts'

export function planPath(planId: string): string {
  return `/v1/plans/${encodeURIComponent(planId)}`
}

export function taskPath(planId: string, taskId: string): string {
  return `${planPath(planId)}/tasks/${encodeURIComponent(taskId)}`
}

/** Newest first, page by page. Polled, faster while something on the pages is active. */
export function plansQuery({ q, status, since, cost }: PlansSearch) {
  return infiniteQueryOptions({
    queryKey: ['plans', { q, status, since, cost }],
    queryFn: ({ pageParam, signal }) =>
      requestJson<PlanPage>('/v1/plans', {
        query: {
          search: q,
          status,
          createdFrom: since && new Date(serverNow() - PERIODS[since].ms).toISOString(),
          minCostUsd: cost,
          limit: 50,
          cursor: pageParam,
        },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => {
      const pages = state.data?.pages ?? []
      if (pages.length > 4) return 15_000
      return pages.some((page) => page.items.some((plan) => isActive(plan.status))) ? 1_500 : 4_000
    },
  })
}

export function planQuery(planId: string) {
  return queryOptions({
    queryKey: ['plan', planId],
    queryFn: ({ signal }) => requestJson<Plan>(planPath(planId), { signal }),
    refetchInterval: ({ state }) =>
      state.data !== undefined && !isActive(state.data.status) ? false : 2_500,
  })
}

/** What queued tasks wait for, in words by task; only for the first few hundred. */
export function waitingQuery(planId: string) {
  return queryOptions({
    queryKey: ['plan', planId, 'waiting'],
    queryFn: async ({ signal }) => {
      const { items } = await requestJson<TaskPage>(`${planPath(planId)}/tasks`, {
        query: { status: 'queued', limit: 200 },
        signal,
      })
      return new Map(items.map(({ id, waitingFor }) => [id, describeWaiting(waitingFor)]))
    },
    placeholderData: keepPreviousData,
    refetchInterval: 3_000,
  })
}

export function taskQuery(planId: string, taskId: string, version: string) {
  return queryOptions({
    queryKey: ['plan', planId, 'task', taskId, version],
    queryFn: ({ signal }) => requestJson<TaskDetail>(taskPath(planId, taskId), { signal }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  })
}

/** An agent's steps, page by page; read again when an event reports a new step. */
export function stepsQuery(planId: string, taskId: string, version: string) {
  return infiniteQueryOptions({
    queryKey: ['plan', planId, 'steps', taskId, version],
    queryFn: ({ pageParam, signal }) =>
      requestJson<StepPage>(`${taskPath(planId, taskId)}/steps`, {
        query: { limit: 100, cursor: pageParam },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  })
}

export function readStep(planId: string, taskId: string, number: number): Promise<Step> {
  return requestJson<Step>(`${taskPath(planId, taskId)}/steps/${number}`)
}

/** Does not wait; the caller refetches when an event says that the task has ended. */
export function outputQuery(planId: string, taskId: string, version: string) {
  return queryOptions({
    queryKey: ['plan', planId, 'output', taskId, version],
    queryFn: ({ signal }) =>
      requestJson<TaskOutput>(`${taskPath(planId, taskId)}/output`, {
        query: { block: false },
        signal,
      }),
    staleTime: 60_000,
  })
}

export function synthesesQuery(planId: string, version: string, poll: boolean) {
  return queryOptions({
    queryKey: ['plan', planId, 'syntheses', version],
    queryFn: async ({ signal }) => {
      const path = `${planPath(planId)}/syntheses`
      const { items } = await requestJson<SynthesisList>(path, { signal })
      return items
    },
    placeholderData: keepPreviousData,
    refetchInterval: poll ? 1_500 : false,
  })
}

export function todosQuery(planId: string, poll: boolean) {
  return queryOptions({
    queryKey: ['plan', planId, 'todos'],
    queryFn: ({ signal }) => requestJson<Todos>(`${planPath(planId)}/todos`, { signal }),
    refetchInterval: poll ? 1_500 : false,
  })
}

/** `version` changes with the plan, so that the report of a finished plan is fetched once. */
export function reportQuery(planId: string, version: string, poll: boolean) {
  return queryOptions({
    queryKey: ['plan', planId, 'report', version],
    queryFn: ({ signal }) => requestJson<Report>(`${planPath(planId)}/report`, { signal }),
    placeholderData: keepPreviousData,
    staleTime: poll ? 2_000 : Number.POSITIVE_INFINITY,
    refetchInterval: poll ? 4_000 : false,
    retry: false,
  })
}

export function executorsQuery() {
  return queryOptions({
    queryKey: ['executors'],
    queryFn: ({ signal }) => requestJson<ExecutorList>('/v1/executors', { signal }),
    staleTime: 60_000,
  })
}

/** `null` if the service does not list its workers, as in older versions. */
export function workersQuery() {
  return queryOptions({
    queryKey: ['workers'],
    queryFn: async ({ signal }) => {
      try {
        return await requestJson<Workers>('/v1/workers', { signal })
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null
        throw error
      }
    },
    refetchInterval: 2_000,
  })
}
