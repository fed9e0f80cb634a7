import type { SynthesesApi } from '../contract/api.ts'
import { ServiceError } from '../contract/errors.ts'
import { invalid } from '../contract/field-errors.ts'
import { synthesisPriceErrors } from '../preflight/check-budget.ts'
import { requirePlan } from '../read/require-plan.ts'
import { synthesisErrors } from '../submit/prepare-plan.ts'
import { type ChangeDeps, refuseWithoutMoney } from './change-deps.ts'

export function changeSyntheses(deps: ChangeDeps): Pick<SynthesesApi, 'request'> {
  return {
    async request(tenant, planId, spec) {
      const record = await requirePlan(deps, tenant, planId)
      const errors = await synthesisErrors(deps.preparing, spec, '')
      if (record.budgetUsd !== undefined && deps.preparing.modelAvailable) {
        errors.push(...synthesisPriceErrors(deps.preparing, spec, ''))
      }
      if (errors.length > 0) throw invalid(errors)
      // Where nobody asked for a model, the deterministic merge answers, and says why.
      if (spec.executor === 'model' || spec.model !== undefined) refuseWithoutMoney(record)
      const { every: _, ...options } = spec
      const jobId = `${planId}-v${deps.newToken()}`
      // Enqueued first: whichever comes first, the job or the next line, names the version.
      await deps.queue.enqueueSynthesis({
        planId,
        jobId,
        kind: 'again',
        afterStop: record.stop?.code === 'cancelled',
        ...options,
      })
      const asked = await deps.syntheses.request(planId, jobId)
      if (asked.status === 'gone') {
        throw new ServiceError('plan-not-found', `There is no plan ${planId}.`)
      }
      return { version: asked.version }
    },
  }
}
