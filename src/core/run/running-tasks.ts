/** Why a running attempt is aborted; the reason of its `AbortSignal`. */
export class AttemptAborted extends Error {
  override readonly name = 'AttemptAborted'
  readonly kind: 'timeout' | 'cancelled' | 'shutdown' | 'lost'
  constructor(kind: AttemptAborted['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

/** Everything running in this process, so that a cancellation from elsewhere reaches it. */
export interface RunningTasks {
  /**
   * Returns a signal for one task, starting when its job was taken; call `done` when it is over.
   * `afterStop`: it was requested after its plan had been stopped, so that stop does not abort it.
   */
  track(
    planId: string,
    taskId: string,
    afterStop?: boolean,
  ): { controller: AbortController; done(): void }
  /** Aborts one task, or all of a plan if `taskId` is undefined. */
  abort(planId: string, taskId: string | undefined, reason: AttemptAborted): void
  /** Aborts the tasks that a stop of their plan affects. */
  abortStopped(planId: string, reason: AttemptAborted): void
  abortAll(reason: AttemptAborted): void
  planIds(): string[]
  readonly size: number
}

export function runningTasks(): RunningTasks {
  const plans = new Map<string, Map<string, AbortController>>()
  const afterStops = new WeakSet<AbortController>()
  let size = 0
  return {
    track(planId, taskId, afterStop = false) {
      const controller = new AbortController()
      if (afterStop) afterStops.add(controller)
      const tasks = plans.get(planId) ?? new Map<string, AbortController>()
      tasks.set(taskId, controller)
      plans.set(planId, tasks)
      size += 1
      return {
        controller,
        done() {
          size -= 1
          if (tasks.get(taskId) === controller) tasks.delete(taskId)
          if (tasks.size === 0 && plans.get(planId) === tasks) plans.delete(planId)
        },
      }
    },
    abort(planId, taskId, reason) {
      const tasks = plans.get(planId)
      if (tasks === undefined) return
      if (taskId !== undefined) tasks.get(taskId)?.abort(reason)
      else for (const controller of tasks.values()) controller.abort(reason)
    },
    abortStopped(planId, reason) {
      for (const controller of plans.get(planId)?.values() ?? []) {
        if (!afterStops.has(controller)) controller.abort(reason)
      }
    },
    abortAll(reason) {
      for (const tasks of plans.values()) {
        for (const controller of tasks.values()) controller.abort(reason)
      }
    },
    planIds: () => [...plans.keys()],
    get size() {
      return size
    },
  }
}
