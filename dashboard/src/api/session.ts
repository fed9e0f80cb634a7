import { useSyncExternalStore } from 'react'

const STORAGE_KEY = 'tutti.apiKey'

// The key lives as long as the tab: in sessionStorage, never in localStorage or a cookie.
let apiKey = readStored()
let keyNeeded = false
let dismissed = false
const listeners = new Set<() => void>()

export function authorization(key = apiKey): Record<string, string> {
  return key === null ? {} : { authorization: `Bearer ${key}` }
}

/** Asks for a (different) key after a 401. Asks once, until `reopen` or a new key. */
export function askForKey(reopen = false): void {
  if (keyNeeded || (dismissed && !reopen)) return
  keyNeeded = true
  notify()
}

/** Polling would reopen the prompt at once, so it stays closed until it is requested. */
export function dismissKeyPrompt(): void {
  keyNeeded = false
  dismissed = true
  notify()
}

export function storeKey(key: string): void {
  apiKey = key.trim() === '' ? null : key.trim()
  keyNeeded = false
  dismissed = false
  try {
    if (apiKey === null) sessionStorage.removeItem(STORAGE_KEY)
    else sessionStorage.setItem(STORAGE_KEY, apiKey)
  } catch {
    // Storage is disabled: the key is kept until the page is left.
  }
  notify()
}

export function useKeyNeeded(): boolean {
  return useSyncExternalStore(subscribe, () => keyNeeded)
}

export function useApiKey(): string | null {
  return useSyncExternalStore(subscribe, () => apiKey)
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function notify(): void {
  for (const listener of listeners) listener()
}

function readStored(): string | null {
  try {
    return sessionStorage.getItem(STORAGE_KEY)
  } catch {
    return null
  }
}
