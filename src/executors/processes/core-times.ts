import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import type { CoreTimes } from '../../core/ports/executor.ts'
import { descendantsOf } from './descendants.ts'

const LOOK_MS = 200
/** Looking at many threads takes long, so it is then done less often. */
const SHARE = 50

type ThreadTimes = Pick<CoreTimes, 'ranMs' | 'waitedMs'>

/** Watches how long a program and everything below it compute, and wait for a core. */
export interface CoreWatch {
  /**
   * Stops watching. What the last fraction of a second added is missing. All is 0 where the system does
   * not tell: it takes Linux.
   */
  end(): CoreTimes
}

/** @param pid `undefined` for a program that could not be started. */
export function watchCores(pid: number | undefined): CoreWatch {
  const cores = availableParallelism()
  if (pid === undefined) return { end: () => ({ ranMs: 0, waitedMs: 0, cores }) }
  const started = performance.now()
  const threads = new Map<string, ThreadTimes>()
  let timer: NodeJS.Timeout | undefined
  const look = () => {
    const from = performance.now()
    readThreads(pid, threads)
    const tookMs = performance.now() - from
    timer = setTimeout(look, Math.max(LOOK_MS, tookMs * SHARE)).unref()
  }
  timer = setTimeout(look, LOOK_MS).unref()
  return {
    end() {
      clearTimeout(timer)
      readThreads(pid, threads)
      return { ...timesOf([...threads.values()], performance.now() - started), cores }
    },
  }
}

/**
 * Threads that compute at the same time also wait at the same time, so their waits are not added up:
 * it is the share of waiting in all of their time, applied to as much time as has passed.
 */
export function timesOf(threads: readonly ThreadTimes[], passedMs: number): ThreadTimes {
  const ranMs = Math.round(threads.reduce((sum, thread) => sum + thread.ranMs, 0))
  const waitedMs = threads.reduce((sum, thread) => sum + thread.waitedMs, 0)
  if (waitedMs === 0) return { ranMs, waitedMs: 0 }
  const wantedMs = ranMs + waitedMs
  return { ranMs, waitedMs: Math.round((waitedMs / wantedMs) * Math.min(wantedMs, passedMs)) }
}

/** Updates the times of the threads that are alive; those of ended ones stay as they were. */
function readThreads(root: number, threads: Map<string, ThreadTimes>): void {
  for (const pid of [root, ...descendantsOf(root)]) {
    try {
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        const text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1')
        const [ranNs = 0, waitedNs = 0] = text.split(' ').map(Number)
        threads.set(thread, { ranMs: ranNs / 1e6, waitedMs: waitedNs / 1e6 })
      }
    } catch {
      // It has ended in the meantime, or the system has no such file.
    }
  }
}
