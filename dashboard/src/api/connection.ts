import { onlineManager } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { freezeClock, serverNow, thawClock } from './server-clock.ts'

// Whether the service is responding. Known in one place, so that every page shows it once, and
// clocks stop while nobody can tell how things are going.

/** Often enough for a page to be back within three seconds of the service. */
const PROBE_EVERY_MS = 1_000

let awaySince: number | undefined
let timer: ReturnType<typeof setTimeout> | undefined
const listeners = new Set<() => void>()

/** From a gateway that cannot reach the service, or a service that cannot reach its store. */
const AWAY = [502, 503, 504]

// Queries pause while the service is away, and are all refetched when it is back.
onlineManager.setEventListener((setOnline) => subscribe(() => setOnline(awaySince === undefined)))

/** Like `fetch`, and records whether there was an answer. */
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

/** Checks at once whether the service is back. */
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

/**
 * Calls `listener` whenever the service goes away or comes back. @returns A function that
 * unsubscribes.
 */
export function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/**
 * Since when the service has not been responding, in milliseconds since the epoch; undefined while
 * it is.
 */
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
