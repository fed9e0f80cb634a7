import type { SlotKind, Slots } from './slots.ts'

/** Decides whether another job may be fetched. */
export interface Gate {
  wantsMore(): boolean
  readyForMore(): Promise<void>
  /** Call it when a job begins, and the returned function when it has ended. */
  enter?(): () => void
}

/** Fetches jobs while slots are free for their tasks, which acquire the slots themselves. */
export function gateOfSlots(slots: Slots, kind: SlotKind): Gate {
  return {
    wantsMore: () => slots.wantsMore(kind),
    readyForMore: () => slots.readyForMore(kind),
  }
}

/** Admits at most `most` jobs at a time. */
export function countingGate(most: number): Gate {
  let inside = 0
  let waiting: (() => void)[] = []
  return {
    wantsMore: () => inside < most,
    async readyForMore() {
      while (inside >= most) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    enter() {
      inside += 1
      return () => {
        inside -= 1
        const woken = waiting
        waiting = []
        for (const wake of woken) wake()
      }
    },
  }
}
