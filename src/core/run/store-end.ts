import { isUnavailable } from '../contract/errors.ts'
import type { AttemptEnd, TaskLife } from '../ports/task-life.ts'
import { failure } from './run-attempt.ts'
import type { RunUnitDeps } from './run-deps.ts'
import { untilAvailable } from './until-available.ts'

/** The code of a task whose result the store rejects. */
const NOT_STORABLE = 'result-not-storable'

/**
 * Stores a result however long the store is down, because it has been paid for. The lease is
 * renewed in the meantime; if it is lost anyway, the store knows whether another worker has started
 * the task. A result that can never be stored fails its task, instead of being produced again and
 * again.
 */
export async function storeEnd(
  deps: Pick<RunUnitDeps, 'life' | 'ending' | 'onFault'>,
  end: AttemptEnd,
): Promise<(Awaited<ReturnType<TaskLife['end']>> & { replaced: boolean }) | 'store-away'> {
  const store = (what: AttemptEnd) => untilAvailable(() => deps.life.end(what), deps.ending)
  try {
    try {
      return { ...(await store(end)), replaced: false }
    } catch (error) {
      if (isUnavailable(error) || deps.ending.aborted) throw error
      deps.onFault(error, end.planId, end.taskId)
      const { planId, taskId, attempt, token } = end
      const message = 'Its result could not be stored.'
      const instead = {
        planId,
        taskId,
        attempt,
        token,
        ...failure({ code: NOT_STORABLE, message }),
      }
      return { ...(await store(instead)), replaced: true }
    }
  } catch (error) {
    if (deps.ending.aborted) return 'store-away'
    throw error
  }
}
