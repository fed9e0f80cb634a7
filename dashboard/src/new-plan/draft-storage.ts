import { type Draft, EMPTY_DRAFT } from './draft.ts'

const STORAGE_KEY = 'tutti.draft'

/** A reload must not lose the draft, which lives as long as the tab. */
export function loadDraft(): Draft {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? 'null')
    return typeof stored === 'object' && stored !== null ? (stored as Draft) : EMPTY_DRAFT
  } catch {
    return EMPTY_DRAFT
  }
}

export function saveDraft(draft: Draft | undefined): void {
  try {
    if (draft === undefined) sessionStorage.removeItem(STORAGE_KEY)
    else sessionStorage.setItem(STORAGE_KEY, JSON.stringify(draft))
  } catch {
    // Storage is disabled or the draft is too large for it: it lives on in the page.
  }
}

const keys = new Map<string, string>()

/**
 * The `Idempotency-Key` of a submission: the same for the same text, as long as the page is open.
 */
export function keyFor(body: string): string {
  const known = keys.get(body)
  if (known !== undefined) return known
  // Not crypto.randomUUID(), which browsers withhold from pages served over plain HTTP.
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  const key = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  keys.set(body, key)
  return key
}
