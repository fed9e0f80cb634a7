import type { SynthesesApi, Wait } from '../contract/api.ts'
import { ServiceError } from '../contract/errors.ts'
import { isFinished } from '../contract/status.ts'
import type { Synthesis } from '../contract/synthesis.ts'
import { planStatusOf } from './plan-views.ts'
import { type ReadDeps, requirePlan } from './require-plan.ts'

export function readSyntheses(deps: ReadDeps): Pick<SynthesesApi, 'newest' | 'all' | 'get'> {
  async function newest(planId: string): Promise<Synthesis | undefined> {
    const record = await deps.plans.get(planId)
    const version = record?.synthesis.version ?? 0
    return version === 0 ? undefined : deps.syntheses.get(planId, version)
  }
  return {
    async newest(tenant, planId, wait) {
      const record = await requirePlan(deps, tenant, planId)
      if (record.synthesis.version === 0 && record.spec.synthesis === false) {
        throw new ServiceError(
          'synthesis-disabled',
          'The plan was submitted with "synthesis": false. POST …/syntheses asks for one.',
        )
      }
      const { version } = record.synthesis
      const found =
        version > 0 && (wait === undefined || record.outcome !== undefined)
          ? await deps.syntheses.get(planId, version)
          : await waited(deps, planId, () => newest(planId), wait)
      if (found !== undefined) return found
      throw new ServiceError(
        'synthesis-not-ready',
        `The plan is ${planStatusOf(record)}; its synthesis follows when its tasks have ended.`,
        { retryAfterSeconds: 1 },
      )
    },
    async all(tenant, planId) {
      await requirePlan(deps, tenant, planId)
      return deps.syntheses.all(planId)
    },
    async get(tenant, planId, version) {
      await requirePlan(deps, tenant, planId)
      const found = await deps.syntheses.get(planId, version)
      if (found !== undefined) return found
      throw new ServiceError('synthesis-not-found', `The plan has no synthesis ${version}.`)
    },
  }
}

/** A version while one is awaited: preliminary ones count, the caller sees that they are. */
async function waited(
  deps: ReadDeps,
  planId: string,
  read: () => Promise<Synthesis | undefined>,
  wait: Wait | undefined,
): Promise<Synthesis | undefined> {
  const ready = async () => {
    const found = await read()
    if (found === undefined || !found.preliminary) return found
    const record = await deps.plans.get(planId)
    return record !== undefined && isFinished(planStatusOf(record)) ? found : undefined
  }
  if (wait === undefined) return read()
  const concerns = (change: { type: string }) =>
    change.type === 'synthesis.finished' || change.type === 'plan.finished'
  return (await deps.waiting.until(planId, concerns, ready, wait)) ?? read()
}
