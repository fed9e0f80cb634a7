import { findingRef } from '../contract/findings.ts'
import { activePlanStatus, type PlanStatus } from '../contract/status.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { Attempt, Budget, OutputTask, Plan, TaskSummary } from '../contract/views.ts'
import type { WaitingFor } from '../contract/waiting.ts'
import type { TaskOutput } from '../ports/executor.ts'
import type { PlanRecord, StoredAttempt, TaskState } from '../ports/records.ts'
import { planReason } from './plan-reason.ts'

// Converts stored records into the API's answers.

export function isoOf(ms: number): string {
  return new Date(ms).toISOString()
}

function isoOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : isoOf(ms)
}

export function planStatusOf(record: PlanRecord): PlanStatus {
  return record.outcome ?? activePlanStatus(record.counts)
}

export function planView(record: PlanRecord, options: { waves: boolean }): Plan {
  const { spec, counts } = record
  const self = `/v1/plans/${spec.id}`
  const reason = planReason(record)
  return {
    id: spec.id,
    title: spec.title,
    status: planStatusOf(record),
    mode: spec.mode,
    counts: { ...counts, total: Object.values(counts).reduce((sum, count) => sum + count, 0) },
    ...(options.waves ? { waves: spec.waves } : {}),
    ...(options.waves && spec.overlaps !== undefined ? { overlaps: spec.overlaps } : {}),
    policy: { ...spec.policy, budgetUsd: record.budgetUsd },
    usage: record.usage,
    ...(record.budgetUsd === undefined ? {} : { budget: budgetOf(record, record.budgetUsd) }),
    ...(record.stop === undefined ? {} : { stopped: record.stop }),
    ...(reason === undefined ? {} : { reason }),
    synthesis: record.synthesis,
    metadata: spec.metadata,
    createdAt: isoOf(record.createdAt),
    startedAt: isoOrNull(record.startedAt),
    finishedAt: isoOrNull(record.finishedAt),
    expiresAt: isoOrNull(record.expiresAt),
    links: {
      self,
      tasks: `${self}/tasks`,
      outputs: `${self}/outputs`,
      synthesis: `${self}/synthesis`,
      report: `${self}/report`,
      todos: `${self}/todos`,
      events: `${self}/events`,
      dashboard: `/dashboard/plans/${spec.id}`,
    },
  }
}

/** Rounded to a nano-dollar, the precision of the store. */
export function budgetOf(record: PlanRecord, limitUsd: number): Budget {
  const { reservedUsd, unknownUsd } = record.held
  const left = limitUsd - record.usage.costUsd - reservedUsd - unknownUsd
  return { limitUsd, reservedUsd, unknownUsd, leftUsd: Math.max(0, Math.round(left * 1e9) / 1e9) }
}

/** The wave number of each task, from 1. */
export function waveNumbers(waves: readonly string[][]): Map<string, number> {
  return new Map(waves.flatMap((ids, index) => ids.map((id) => [id, index + 1] as const)))
}

export function taskSummary(
  planId: string,
  spec: TaskSpec,
  state: TaskState,
  wave: number,
  waitingFor?: readonly WaitingFor[] | undefined,
): TaskSummary {
  const self = `/v1/plans/${planId}/tasks/${spec.id}`
  return {
    id: spec.id,
    description: spec.description,
    status: state.status,
    executor: spec.executor,
    ...(spec.model === undefined ? {} : { model: spec.model }),
    dependsOn: spec.dependsOn ?? [],
    wave,
    attemptCount: state.attempt,
    maxAttempts: spec.attempts,
    timings: {
      queuedAt: isoOf(state.queuedAt ?? 0),
      startedAt: isoOrNull(state.startedAt),
      finishedAt: isoOrNull(state.finishedAt),
    },
    usage: state.usage,
    ...(state.answeredBy === undefined ? {} : { answeredBy: state.answeredBy }),
    ...(state.cachedFrom === undefined ? {} : { cachedFrom: state.cachedFrom }),
    ...(state.error === undefined ? {} : { error: state.error }),
    ...(waitingFor === undefined ? {} : { waitingFor: [...waitingFor] }),
    links: { self, output: `${self}/output`, steps: `${self}/steps` },
  }
}

export function attemptView(attempt: StoredAttempt): Attempt {
  return {
    number: attempt.number,
    outcome: attempt.outcome,
    startedAt: isoOf(attempt.startedAt),
    finishedAt: isoOrNull(attempt.finishedAt),
    workerId: attempt.workerId,
    usage: attempt.usage,
    ...(attempt.answeredBy === undefined ? {} : { answeredBy: attempt.answeredBy }),
    ...(attempt.resumedFromStep === undefined ? {} : { resumedFromStep: attempt.resumedFromStep }),
    ...(attempt.error === undefined ? {} : { error: attempt.error }),
  }
}

export function outputTask(
  spec: TaskSpec,
  state: TaskState,
  output: TaskOutput | undefined,
): OutputTask {
  return {
    id: spec.id,
    status: state.status,
    description: spec.description,
    output: output?.text ?? '',
    ...(output?.data === undefined ? {} : { data: output.data }),
    ...(output?.findings === undefined
      ? {}
      : {
          findings: output.findings.map((finding, index) => ({
            ...finding,
            id: findingRef(spec.id, index),
          })),
        }),
    ...(output?.edits === undefined ? {} : { edits: output.edits }),
    ...(output?.reasoning === undefined ? {} : { reasoning: output.reasoning }),
    ...(output?.stderr === undefined ? {} : { stderr: output.stderr }),
    usage: state.usage,
    ...(state.answeredBy === undefined ? {} : { answeredBy: state.answeredBy }),
    ...(state.error === undefined ? {} : { error: state.error }),
  }
}
