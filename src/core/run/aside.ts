import type { RelaxedTime } from '../ports/executor.ts'
import type { RunUnitDeps, UnitJob } from './run-deps.ts'
import { AttemptAborted } from './running-tasks.ts'

/** A slot that an attempt can leave to others while it waits for something that takes hours. */
export interface HeldSlot {
  aside: RelaxedTime['aside']
  release(): void
}

/** @param signal Aborts with the attempt. */
export function heldSlot(
  deps: Pick<RunUnitDeps, 'acquireSlot' | 'stopping'>,
  job: Pick<UnitJob, 'lane' | 'planTasks'>,
  releaseFirst: () => void,
  signal: AbortSignal,
): HeldSlot {
  let release = releaseFirst
  return {
    async aside(wait) {
      const over = new AbortController()
      const onStopping = () =>
        over.abort(new AttemptAborted('shutdown', 'The worker is shutting down.'))
      const until = AbortSignal.any([signal, over.signal])
      if (deps.stopping.aborted) onStopping()
      else deps.stopping.addEventListener('abort', onStopping, { once: true })
      try {
        until.throwIfAborted()
        release()
        const result = await wait(until)
        const again = await deps.acquireSlot(job, until)
        until.throwIfAborted()
        release = again ?? (() => {})
        return result
      } finally {
        deps.stopping.removeEventListener('abort', onStopping)
      }
    },
    release: () => release(),
  }
}
