import { useCallback, useEffect, useRef, useState } from 'react'
import { subscribe, watchedFetch } from '../api/connection.ts'
import { planPath } from '../api/queries.ts'
import { serverNow } from '../api/server-clock.ts'
import { askForKey, authorization, useApiKey } from '../api/session.ts'
import { followEvents, StreamRefused, type StreamState } from './event-stream.ts'
import { applyEvents, EMPTY_MODEL, type PlanModel, type StreamEvent } from './plan-model.ts'

/**
 * Often enough to look live; rarely enough that thousands of events per second cost one render each
 * time.
 */
const APPLY_EVERY_MS = 80

export interface PlanStream {
  model: PlanModel
  state: StreamState
  refused: number | undefined
  /** The stream's position, for another one that continues from here. */
  lastEventId: () => string | undefined
  /** Follows again from a fresh snapshot: a finished plan that was changed has new events. */
  restart: () => void
}

/** A live plan: its snapshot and every event after it, applied in batches. */
export function usePlanStream(planId: string): PlanStream {
  const [model, setModel] = useState(EMPTY_MODEL)
  const [state, setState] = useState<StreamState>('connecting')
  const [refused, setRefused] = useState<number>()
  const key = useApiKey()
  const position = useRef<string | undefined>(undefined)
  const connection = useRef<AbortController | undefined>(undefined)

  const connect = useCallback(() => {
    connection.current?.abort()
    const abort = new AbortController()
    connection.current = abort
    let waiting: StreamEvent[] = []
    let scheduled = false
    const apply = () => {
      scheduled = false
      const batch = waiting
      waiting = []
      if (!abort.signal.aborted) setModel((before) => applyEvents(before, batch))
    }
    setRefused(undefined)
    followEvents({
      url: `${planPath(planId)}/events`,
      headers: () => authorization(key),
      signal: abort.signal,
      now: serverNow,
      fetch: watchedFetch,
      onWake: subscribe,
      onState: (next) => !abort.signal.aborted && setState(next),
      onEvents(events) {
        position.current = events.at(-1)?.id || position.current
        waiting.push(...events)
        if (scheduled) return
        scheduled = true
        setTimeout(apply, APPLY_EVERY_MS)
      },
    }).catch((error: unknown) => {
      if (!(error instanceof StreamRefused)) throw error
      if (error.status === 401) askForKey()
      setRefused(error.status)
    })
  }, [planId, key])

  useEffect(() => {
    connect()
    return () => connection.current?.abort()
  }, [connect])

  const lastEventId = useCallback(() => position.current, [])
  return { model, state, refused, lastEventId, restart: connect }
}
