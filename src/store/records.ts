import type { Failure } from '../core/contract/errors.ts'
import { TASK_STATUSES, type TaskCounts } from '../core/contract/status.ts'
import { NO_USAGE, type Usage } from '../core/contract/usage.ts'
import {
  type Growth,
  type PlanRecord,
  type PlanSpec,
  type Stop,
  type StoredAttempt,
  type TaskState,
  untouchedTask,
} from '../core/ports/records.ts'

// Converts between fields in Redis and core's records. Only this project writes them, so they are
// parsed without a schema; a missing field has its initial value.

export type Fields = Record<string, string>

/** Converts `[name, value, name, value …]`, as scripts return a hash, to an object. */
export function fieldsOf(flat: unknown): Fields {
  const fields: Fields = {}
  if (!Array.isArray(flat)) return fields
  for (let at = 0; at + 1 < flat.length; at += 2) fields[String(flat[at])] = String(flat[at + 1])
  return fields
}

export function planRecord(fields: Fields): PlanRecord {
  const submitted = JSON.parse(fields.spec ?? '{}') as PlanSpec
  const spec = fields.growth === undefined ? submitted : grown(submitted, fields.growth)
  const counts = Object.fromEntries(
    TASK_STATUSES.map((status) => [status, Number(fields[`n:${status}`] ?? 0)]),
  ) as TaskCounts
  return {
    spec,
    counts,
    usage: {
      inputTokens: Number(fields['u:inputTokens'] ?? 0),
      outputTokens: Number(fields['u:outputTokens'] ?? 0),
      cacheReadTokens: Number(fields['u:cacheReadTokens'] ?? 0),
      cacheWriteTokens: Number(fields['u:cacheWriteTokens'] ?? 0),
      steps: Number(fields['u:steps'] ?? 0),
      costUsd: Number(fields['u:costNanos'] ?? 0) / 1e9,
    },
    createdAt: Number(fields.createdAt ?? 0),
    startedAt: time(fields.startedAt),
    finishedAt: time(fields.finishedAt),
    reopened: Number(fields.reopened ?? 0),
    outcome: fields.outcome as PlanRecord['outcome'],
    expiresAt: time(fields.expiresAt),
    stop: fields.stop === undefined ? undefined : (JSON.parse(fields.stop) as Stop),
    editsProblem:
      fields.editsProblem === undefined ? undefined : (JSON.parse(fields.editsProblem) as Failure),
    budgetUsd: fields.budgetUsd === undefined ? spec.policy.budgetUsd : Number(fields.budgetUsd),
    held: {
      reservedUsd: Number(fields['b:reserved'] ?? 0) / 1e9,
      unknownUsd: Number(fields['b:unknown'] ?? 0) / 1e9,
    },
    synthesis: {
      status: (fields['syn:status'] ?? 'pending') as PlanRecord['synthesis']['status'],
      version: Number(fields['syn:version'] ?? 0),
    },
    isPreliminary: fields['syn:preliminary'] === '1',
  }
}

function grown(spec: PlanSpec, raw: string): PlanSpec {
  const { waves, added } = JSON.parse(raw) as Growth
  return { ...spec, waves, units: { ...spec.units, added } }
}

export function taskState(raw: string | null | undefined, createdAt?: number): TaskState {
  if (raw === null || raw === undefined) return untouchedTask(createdAt)
  const state = JSON.parse(raw) as TaskState & { usage?: Partial<Usage> }
  return {
    status: state.status,
    attempt: state.attempt,
    spent: state.spent,
    unspent: state.unspent ?? 0,
    queuedAt: state.queuedAt ?? createdAt,
    startedAt: state.startedAt,
    finishedAt: state.finishedAt,
    workerId: state.workerId,
    error: state.error,
    usage: { ...NO_USAGE, ...state.usage },
    answeredBy: state.answeredBy,
    cachedFrom: state.cachedFrom,
    coreTimes: state.coreTimes,
    retryAt: state.retryAt,
  }
}

export function storedAttempt(raw: string): StoredAttempt {
  const attempt = JSON.parse(raw) as StoredAttempt & { usage?: Partial<Usage> }
  return {
    number: attempt.number,
    outcome: attempt.outcome,
    startedAt: attempt.startedAt,
    finishedAt: attempt.finishedAt,
    workerId: attempt.workerId,
    usage: { ...NO_USAGE, ...attempt.usage },
    answeredBy: attempt.answeredBy,
    resumedFromStep: attempt.resumedFromStep,
    error: attempt.error,
  }
}

function time(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text)
}
