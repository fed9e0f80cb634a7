import type { PartJob, SynthesisJob } from '../core/ports/queue.ts'
import type { Tracer } from '../core/ports/tracing.ts'
import type { PlanCache } from '../core/run/plan-cache.ts'
import { type SynthesizeDeps, synthesizePlan } from '../core/synthesize/synthesize-plan.ts'
import { type PartDeps, writePart } from '../core/synthesize/write-synthesis-parts.ts'

/** Records `synthesizePlan` as a span of the plan's trace, whichever process runs it. */
export async function tracedSynthesis(
  tracer: Tracer,
  plans: PlanCache,
  deps: SynthesizeDeps,
  job: SynthesisJob,
  signal: AbortSignal,
): ReturnType<typeof synthesizePlan> {
  if (!tracer.isOn) return synthesizePlan(deps, job, signal)
  const { planId, kind } = job
  const plan = await plans.load(planId)
  return tracer.span(
    {
      name: 'synthesize plan',
      kind: 'consumer',
      parent: plan?.spec.traceparent,
      attributes: {
        'messaging.system': 'bullmq',
        'messaging.operation.type': 'process',
        'messaging.operation.name': 'synthesize plan',
        'tutti.plan.id': planId,
        'tutti.tenant': plan?.spec.tenant,
        'tutti.synthesis.kind': kind,
      },
    },
    (span) => {
      const syntheses: SynthesizeDeps['syntheses'] = {
        ...deps.syntheses,
        finish(id, jobId, result) {
          const { synthesis, usage, outcome } = result
          span.set({
            'tutti.synthesis.version': synthesis?.version,
            'tutti.synthesis.status': synthesis?.status,
            'tutti.synthesis.executor': synthesis?.executor,
            'tutti.cost_usd': usage?.costUsd,
            'tutti.plan.status': kind === 'final' ? outcome : undefined,
          })
          return deps.syntheses.finish(id, jobId, result)
        },
      }
      return synthesizePlan({ ...deps, syntheses }, job, signal)
    },
  )
}

/** The same for `writePart`. */
export async function tracedPart(
  tracer: Tracer,
  plans: PlanCache,
  deps: PartDeps,
  job: PartJob,
  signal: AbortSignal,
): ReturnType<typeof writePart> {
  if (!tracer.isOn) return writePart(deps, job, signal)
  const { planId, of, place } = job
  const plan = await plans.load(planId)
  return tracer.span(
    {
      name: 'write synthesis part',
      kind: 'consumer',
      parent: plan?.spec.traceparent,
      attributes: {
        'messaging.system': 'bullmq',
        'messaging.operation.type': 'process',
        'messaging.operation.name': 'write synthesis part',
        'tutti.plan.id': planId,
        'tutti.tenant': plan?.spec.tenant,
        'tutti.synthesis.kind': of.kind,
        'tutti.synthesis.level': place.level,
        'tutti.synthesis.part': place.index,
      },
    },
    () => writePart(deps, job, signal),
  )
}
