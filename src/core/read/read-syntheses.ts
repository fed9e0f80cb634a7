import type { Pieces, SynthesesApi, Wait } from '../contract/api.ts'
import { ServiceError } from '../contract/errors.ts'
import type { SynthesisFormat } from '../contract/synthesis.ts'
import type { Exporting } from '../ports/exporting.ts'
import type { PlanRecord } from '../ports/records.ts'
import { planStatusOf } from './plan-views.ts'
import { type ReadDeps, requirePlan } from './require-plan.ts'

export function readSyntheses(
  deps: ReadDeps & { exporting: Pick<Exporting, 'synthesis'> },
): Pick<SynthesesApi, 'newest' | 'all' | 'get'> {
  async function exported(
    json: Pieces,
    as: SynthesisFormat,
    { spec }: PlanRecord,
  ): Promise<Pieces> {
    return as === 'json' ? json : inOne(await deps.exporting.synthesis(json, as, spec.title))
  }
  return {
    async newest(tenant, planId, { wait, as = 'json' } = {}) {
      const record = await requirePlan(deps, tenant, planId)
      if (record.synthesis.version === 0 && record.spec.synthesis === false) {
        throw new ServiceError(
          'synthesis-disabled',
          'The plan was submitted with "synthesis": false. POST …/syntheses asks for one.',
        )
      }
      const { version } = await awaited(deps, record, wait)
      const found = version === 0 ? undefined : await deps.syntheses.get(planId, version)
      if (found !== undefined) return exported(found, as, record)
      throw new ServiceError(
        'synthesis-not-ready',
        `The plan is ${planStatusOf(record)}; its synthesis follows when its tasks have ended.`,
        { retryAfterSeconds: 1 },
      )
    },
    async all(tenant, planId) {
      await requirePlan(deps, tenant, planId)
      const versions = await deps.syntheses.versions(planId)
      return versions.map((version) => later(() => deps.syntheses.get(planId, version)))
    },
    async get(tenant, planId, version, as = 'json') {
      const record = await requirePlan(deps, tenant, planId)
      const found = await deps.syntheses.get(planId, version)
      if (found !== undefined) return exported(found, as, record)
      throw new ServiceError('synthesis-not-found', `The plan has no synthesis ${version}.`)
    },
  }
}

/**
 * Returns the newest version, if requested waiting until there is one that is not preliminary or the plan
 * has finished. When the time is up, a preliminary version is returned, which the caller can recognise.
 */
async function awaited(
  deps: ReadDeps,
  record: PlanRecord,
  wait: Wait | undefined,
): Promise<PlanRecord['synthesis']> {
  if (wait === undefined || isFinal(record)) return record.synthesis
  const planId = record.spec.id
  const concerns = (change: { type: string }) =>
    change.type === 'synthesis.finished' || change.type === 'plan.finished'
  let latest: PlanRecord | undefined = record
  const read = async () => {
    latest = await deps.plans.get(planId)
    return latest !== undefined && isFinal(latest) ? latest : undefined
  }
  await deps.waiting.until(planId, concerns, read, wait)
  return latest?.synthesis ?? { ...record.synthesis, version: 0 }
}

function isFinal({ synthesis, isPreliminary, outcome }: PlanRecord): boolean {
  return synthesis.version > 0 && (!isPreliminary || outcome !== undefined)
}

async function* inOne(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function* later(read: () => Promise<Pieces | undefined>): AsyncGenerator<Uint8Array> {
  const pieces = await read()
  if (pieces === undefined) throw new ServiceError('plan-not-found', 'The plan was deleted.')
  yield* pieces
}
