import type { SynthesesApi } from '../contract/api.ts'
import { ServiceError } from '../contract/errors.ts'
import { invalid } from '../contract/field-errors.ts'
import type { SynthesisSpec } from '../contract/submission.ts'
import type { PlanRecord } from '../ports/records.ts'
import { synthesisPriceErrors } from '../preflight/check-budget.ts'
import { digestOf, requireSameRequest } from '../submit/idempotency.ts'
import { synthesisErrors } from '../submit/prepare-plan.ts'
import { type ChangeDeps, planToChange, refuseWithoutMoney } from './change-deps.ts'

export function changeSyntheses(deps: ChangeDeps): Pick<SynthesesApi, 'request'> {
  return {
    async request(tenant, planId, spec, idempotencyKey) {
      const record = await planToChange(deps, tenant, planId)
      if (idempotencyKey === undefined) {
        await requireWritable(deps, record, spec)
        const version = await enqueueVersion(deps, record, `${planId}-v${deps.newToken()}`, spec)
        return { version, created: true }
      }
      // One key gives one job, and one job gives one version, however often it is enqueued.
      const jobId = `${planId}-v${digestOf(deps, tenant, planId, idempotencyKey)}`
      const requestHash = digestOf(deps, JSON.stringify(spec))
      // Looked up first: a repeated request is not checked against later changes.
      const known = await claimed(deps, planId, jobId, requestHash)
      if (known !== undefined) return { version: known, created: false }
      await requireWritable(deps, record, spec)
      // Claimed before it is enqueued, so that of two requests with one key only the answered one
      // runs.
      const other = await claimed(deps, planId, jobId, requestHash, requestHash)
      if (other !== undefined) return { version: other, created: false }
      return { version: await enqueueVersion(deps, record, jobId, spec), created: true }
    },
  }
}

/** @throws {ServiceError} invalid-request, budget-exceeded */
async function requireWritable(
  deps: ChangeDeps,
  record: PlanRecord,
  spec: SynthesisSpec,
): Promise<void> {
  const errors = await synthesisErrors(deps.preparing, spec, '')
  if (record.budgetUsd !== undefined && deps.preparing.modelAvailable) {
    errors.push(...synthesisPriceErrors(deps.preparing, spec, ''))
  }
  if (errors.length > 0) throw invalid(errors)
  // If nobody asked for a model, the deterministic merge writes the version and says why.
  if (spec.executor === 'model' || spec.model !== undefined) refuseWithoutMoney(record)
}

/**
 * The version that an earlier request with this key got. @throws {ServiceError}
 * idempotency-key-reused
 */
async function claimed(
  deps: ChangeDeps,
  planId: string,
  jobId: string,
  requestHash: string,
  claim?: string,
): Promise<number | undefined> {
  const found = await deps.syntheses.claim(planId, jobId, claim)
  if (found.status === 'gone') throw notFound(planId)
  if (found.status !== 'claimed') return undefined
  requireSameRequest(found.requestHash, requestHash)
  return found.version
}

async function enqueueVersion(
  deps: ChangeDeps,
  record: PlanRecord,
  jobId: string,
  { every: _, ...options }: SynthesisSpec,
): Promise<number> {
  const planId = record.spec.id
  const afterStop = record.stop?.code === 'cancelled'
  // The job and the next line may run in either order; whichever is first allocates the version.
  await deps.queue.enqueueSynthesis({ planId, jobId, kind: 'again', afterStop, ...options })
  const asked = await deps.syntheses.request(planId, jobId)
  if (asked.status === 'gone') throw notFound(planId)
  return asked.version
}

function notFound(planId: string): ServiceError {
  return new ServiceError('plan-not-found', `There is no plan ${planId}.`)
}
