import { request, requestJson } from './client.ts'
import { planPath, taskPath } from './queries.ts'
import type { DryRun, Plan, TaskDetail } from './types.ts'

export function cancelPlan(planId: string): Promise<Plan> {
  return requestJson(`${planPath(planId)}/cancel`, { method: 'POST' })
}

export async function deletePlan(planId: string): Promise<void> {
  await request(planPath(planId), { method: 'DELETE' })
}

/** Raises the budget of a plan that its budget stopped, and runs the rest. */
export function resumePlan(planId: string, budgetUsd: number): Promise<Plan> {
  return requestJson(`${planPath(planId)}/resume`, { method: 'POST', body: { budgetUsd } })
}

export function cancelTask(planId: string, taskId: string): Promise<TaskDetail> {
  return requestJson(`${taskPath(planId, taskId)}/cancel`, { method: 'POST' })
}

/** Runs these tasks again, all of them or none. */
export function retryTasks(planId: string, tasks: readonly string[]): Promise<Plan> {
  return requestJson(`${planPath(planId)}/retry`, { method: 'POST', body: { tasks } })
}

/** Cancels these tasks; the rest of the plan continues. */
export function cancelTasks(planId: string, tasks: readonly string[]): Promise<Plan> {
  return requestJson(`${planPath(planId)}/cancel`, { method: 'POST', body: { tasks } })
}

/** Says something to the agent of a running task. */
export async function sayToTask(planId: string, taskId: string, text: string): Promise<void> {
  await request(`${taskPath(planId, taskId)}/messages`, { method: 'POST', body: { text } })
}

export function retryTask(planId: string, taskId: string): Promise<TaskDetail> {
  return requestJson(`${taskPath(planId, taskId)}/retry`, { method: 'POST' })
}

export interface SynthesisRequest {
  executor?: 'model' | 'merge'
  model?: string
  instructions?: string
}

export async function requestSynthesis(planId: string, body: SynthesisRequest): Promise<void> {
  await request(`${planPath(planId)}/syntheses`, { method: 'POST', body })
}

export function dryRun(submission: unknown, signal?: AbortSignal): Promise<DryRun> {
  return requestJson('/v1/plans', {
    method: 'POST',
    query: { dryRun: true },
    body: submission,
    signal,
  })
}

/** `idempotencyKey` stays the same while the same submission is retried. */
export function submitPlan(submission: unknown, idempotencyKey: string): Promise<Plan> {
  return requestJson('/v1/plans', {
    method: 'POST',
    body: submission,
    headers: { 'idempotency-key': idempotencyKey },
  })
}

/** What a plan was submitted with, including file contents. */
export function readSubmission(planId: string): Promise<Record<string, unknown>> {
  return requestJson(`${planPath(planId)}/submission`, { query: { files: true } })
}

export type ExportFormat = 'markdown' | 'sarif' | 'json' | 'patch'

const EXTENSIONS: Record<ExportFormat, string> = {
  markdown: 'md',
  sarif: 'sarif',
  json: 'json',
  patch: 'patch',
}

/** Fetched, because a plain link would not send the API key; then saved as a file. */
export async function exportSynthesis(
  planId: string,
  version: number | undefined,
  format: ExportFormat,
): Promise<void> {
  const path = version === undefined ? 'synthesis' : `syntheses/${version}`
  const query = format === 'json' ? undefined : { format }
  const response = await request(`${planPath(planId)}/${path}`, { query })
  const name = version === undefined ? planId : `${planId}-v${version}`
  saveFile(await response.blob(), `${name}.${EXTENSIONS[format]}`)
}

export function saveFile(content: Blob, name: string): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
