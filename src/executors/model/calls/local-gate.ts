import type { ModelGate, Permit } from '../../../core/model-gate/gate.ts'
import {
  endCall,
  newRateState,
  type RateState,
  startCalls,
} from '../../../core/model-gate/rate-control.ts'

interface Lane {
  state: RateState
  running: number
  waiting: { grant(permit: Permit): void }[]
  timer: NodeJS.Timeout | undefined
}

/**
 * A gate for the calls of this process. Calls of one model begin in the order in which they came.
 */
export function localModelGate(now: () => number = Date.now): ModelGate {
  const lanes = new Map<string, Lane>()

  function laneOf(key: string): Lane {
    const known = lanes.get(key)
    if (known !== undefined) return known
    const lane: Lane = { state: newRateState(now()), running: 0, waiting: [], timer: undefined }
    lanes.set(key, lane)
    return lane
  }

  function admit(lane: Lane): void {
    clearTimeout(lane.timer)
    lane.timer = undefined
    const { running, waiting } = lane
    const step = startCalls(lane.state, now(), { waiting: waiting.length, running })
    lane.state = step.state
    for (const waiter of waiting.splice(0, step.granted)) {
      lane.running += 1
      waiter.grant(permitFor(lane))
    }
    if (step.waitMs !== null) lane.timer = setTimeout(admit, step.waitMs, lane)
  }

  function permitFor(lane: Lane): Permit {
    const startedAt = now()
    return {
      async release(outcome) {
        const { running } = lane
        lane.state = endCall(lane.state, now(), { ...outcome, startedAt, running })
        lane.running -= 1
        admit(lane)
      },
    }
  }

  return {
    acquire(key, signal) {
      if (signal.aborted) return Promise.reject(signal.reason)
      const lane = laneOf(key)
      return new Promise((resolve, reject) => {
        const waiter = {
          grant(permit: Permit) {
            signal.removeEventListener('abort', onAbort)
            resolve(permit)
          },
        }
        const onAbort = () => {
          lane.waiting.splice(lane.waiting.indexOf(waiter), 1)
          reject(signal.reason)
          admit(lane)
        }
        signal.addEventListener('abort', onAbort, { once: true })
        lane.waiting.push(waiter)
        admit(lane)
      })
    },
  }
}
