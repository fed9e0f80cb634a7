import { onlineManager } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { freezeClock, serverNow, thawClock } from './server-clock.ts'

// Whether the service answers. One place knows it, so that every page says it once and nothing counts
// on while nobody is there to say how it goes.

/** Soon enough that a page is back within three seconds of the service. */
const PROBE_EVERY_MS = 1_000

let awaySince: number | undefined
let timer: ReturnType<typeof setTimeout> | undefined
const listeners = new Set<() => void>()

/** Of a gateway that reaches no service, or of a service that does not reach its store. */
const AWAY = [502, 503, 504]

// Queries pause while the service is away, and all of them ask again when it is back.
onlineManager.setEventListener((setOnline) => subscribe(() => setOnline(awaySince === undefined)))

/** As `fetch`, and notes whether there was an answer. */
export async function watchedFetch(url: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  try {
    const response = await fetch(url, init)
    if (AWAY.includes(response.status)) await probe()
    return response
  } catch (error) {
    if (init?.signal?.aborted !== true) noteAway()
    throw error
  }
}

/** Asks at once whether the service is back. */
export async function probe(): Promise<void> {
  clearTimeout(timer)
  timer = undefined
  try {
    const { status } = await fetch('/readyz', { cache: 'no-store' })
    if (AWAY.includes(status)) noteAway()
    else noteBack()
  } catch {
    noteAway()
  }
}

/** Calls `listener` whenever the service went away or came back. @returns What ends that. */
export function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Since when the service has not answered, in milliseconds since the epoch; undefined while it does. */
export function useAwaySince(): number | undefined {
  return useSyncExternalStore(subscribe, () => awaySince)
}

function noteAway(): void {
  timer ??= setTimeout(() => void probe(), PROBE_EVERY_MS)
  if (awaySince !== undefined) return
  awaySince = serverNow()
  freezeClock()
  notify()
}

function noteBack(): void {
  if (awaySince === undefined) return
  awaySince = undefined
  thawClock()
  notify()
}

function notify(): void {
  for (const listener of listeners) listener()
}
