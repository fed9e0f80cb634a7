import { randomUUID } from 'node:crypto'
import type { BatchedAnswer, ProviderBatchStore } from '../../../core/ports/provider-batches.ts'
import { AttemptAborted } from '../../../core/run/running-tasks.ts'
import { pause } from '../../../core/timing/pause.ts'
import { batchKeeper, type KeeperOptions } from './batch-keeper.ts'
import type { BatchLane } from './lane.ts'

export interface BatchLaneOptions extends KeeperOptions {
  store: ProviderBatchStore
  firstLookMs?: number
}

/** How long after something has happened the store is looked at again, growing from one to the other. */
const FIRST_LOOK_MS = 500
const LONGEST_MS = 20_000
const GROWS = 1.4

/** The calls of one plan that wait in this process. */
interface Desk {
  waiting: Map<string, (answer: BatchedAnswer) => void>
  deadlineMs: number
  /** Calls that are being marked as given up. */
  dropping: number
  /** How many were given up so far. */
  dropped: number
  /** A batch of which no call is needed is not left at the provider. */
  hasDropped: boolean
  stir: () => void
  done: Promise<void>
}

/** One loop per plan with calls waits for all of them, whatever their number. */
export function batchLane(options: BatchLaneOptions): BatchLane {
  const { store, onFault, firstLookMs = FIRST_LOOK_MS } = options
  const token = randomUUID()
  const desks = new Map<string, Desk>()
  const closing = new AbortController()

  function deskOf(planId: string, deadlineMs: number): Desk {
    const open = desks.get(planId)
    if (open !== undefined) return open
    const desk: Desk = {
      waiting: new Map(),
      deadlineMs,
      dropping: 0,
      dropped: 0,
      hasDropped: false,
      stir: () => {},
      done: Promise.resolve(),
    }
    desks.set(planId, desk)
    desk.done = serve(planId, desk)
    return desk
  }

  async function serve(planId: string, desk: Desk): Promise<void> {
    const keeper = batchKeeper(options, planId, token, closing.signal)
    let ms = firstLookMs
    while (!closing.signal.aborted) {
      const alarm = new AbortController()
      desk.stir = () => alarm.abort()
      await pause(ms, alarm.signal, closing.signal)
      ms = alarm.signal.aborted ? firstLookMs : Math.min(LONGEST_MS, ms * GROWS)
      if (closing.signal.aborted) break
      try {
        const { deadlineMs } = desk
        const ids = [...desk.waiting.keys()]
        const { dropping, dropped } = desk
        const found = await store.look(planId, token, { ids, deadlineMs })
        if (found === undefined) {
          await keeper.abandon()
          for (const give of desk.waiting.values()) give({})
          break
        }
        for (const [id, answer] of found.answers) desk.waiting.get(id)?.(answer)
        if (found.isKeeper && (await keeper.tend(found))) ms = firstLookMs
        const isUnwanted = found.batches.some(({ ids: all }) =>
          all.every((id) => found.dropped.has(id)),
        )
        // Others may have been given up in the meantime.
        const isCurrent = dropping === 0 && dropped === desk.dropped
        if (isCurrent && !isUnwanted) desk.hasDropped = false
      } catch (error) {
        onFault(error, planId)
      }
      if (desk.waiting.size === 0 && desk.dropping === 0 && !desk.hasDropped) break
    }
    desks.delete(planId)
    await store.release(planId, token).catch((error: unknown) => onFault(error, planId))
  }

  async function giveUp(planId: string, desk: Desk, id: string): Promise<void> {
    desk.hasDropped = true
    desk.dropped += 1
    desk.dropping += 1
    try {
      await store.drop(planId, [id])
    } catch (error) {
      onFault(error, planId)
    } finally {
      desk.dropping -= 1
      desk.stir()
    }
  }

  return {
    isKnown: (planId, id) => store.isKnown(planId, id),

    async answer(call) {
      const { planId, id, model, path, beta, body, deadlineMs, signal } = call
      signal.throwIfAborted()
      const added = await store.add(planId, { id, model, path, beta, body }, deadlineMs)
      if (added === 'late' || added === 'gone' || closing.signal.aborted) return {}
      const desk = deskOf(planId, deadlineMs)
      const answered = Promise.withResolvers<BatchedAnswer>()
      const onAbort = () => answered.reject(signal.reason)
      desk.waiting.set(id, answered.resolve)
      desk.stir()
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort, { once: true })
      try {
        return await answered.promise
      } catch (reason) {
        // Not awaited: the task is to end at once.
        if (reason instanceof AttemptAborted && reason.kind === 'cancelled')
          void giveUp(planId, desk, id)
        throw reason
      } finally {
        signal.removeEventListener('abort', onAbort)
        desk.waiting.delete(id)
      }
    },

    forget: (planId, ids) =>
      store.forget(planId, ids).catch((error: unknown) => onFault(error, planId)),

    async close() {
      closing.abort()
      await Promise.all([...desks.values()].map(({ done }) => done))
    },
  }
}
