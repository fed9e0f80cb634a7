import type { TaskSpec } from '../contract/task-spec.ts'
import type { Tracer } from '../ports/tracing.ts'
import type { LoadedPlan } from './plan-cache.ts'
import type { AttemptResult } from './run-attempt.ts'

/** Records an attempt as a span of its plan's trace, whichever process runs it. */
export function tracedAttempt(
  tracer: Tracer,
  plan: LoadedPlan,
  begun: { attempt: number; waitedMs: number; spec: TaskSpec },
  run: () => Promise<AttemptResult>,
): Promise<AttemptResult> {
  const { id, tenant, traceparent } = plan.spec
  return tracer.span(
    {
      name: 'run task',
      kind: 'consumer',
      parent: traceparent,
      attributes: {
        'messaging.system': 'bullmq',
        'messaging.operation.type': 'process',
        'messaging.operation.name': 'run task',
        'tutti.plan.id': id,
        'tutti.task.id': begun.spec.id,
        'tutti.tenant': tenant,
        'tutti.executor': begun.spec.executor,
        'tutti.attempt': begun.attempt,
        'tutti.queue_wait_ms': begun.attempt === 1 ? begun.waitedMs : undefined,
      },
    },
    async (span) => {
      const result = await run()
      const { outcome, error, usage, retryInMs } = result
      span.set({
        'tutti.outcome': outcome,
        'tutti.reason': error?.code,
        'tutti.retry_in_ms': retryInMs,
        'tutti.cost_usd': usage?.costUsd,
      })
      if (outcome === 'failed' || outcome === 'timed-out') span.fail(error?.code ?? outcome)
      return result
    },
  )
}
