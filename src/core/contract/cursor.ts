import { ServiceError } from './errors.ts'

// Cursors encode where a page of a list ended.

export function encodeCursor(text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** @throws {ServiceError} invalid-request */
export function decodeCursor(cursor: string): string {
  try {
    const text = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'))
    if (/^\d+(~[0-9a-z]+)?$/.test(text)) return text
  } catch {
    // Not base64: reported below like any other error.
  }
  throw badCursor()
}

export function badCursor(): ServiceError {
  return new ServiceError('invalid-request', 'The cursor was not issued by this service.', {
    errors: [{ pointer: '?cursor', detail: 'must be a `nextCursor` of this list' }],
  })
}
