import { ServiceError } from '../contract/errors.ts'

/** Repeated requests are recognised by digests of their key and body. */
export interface Digests {
  /** SHA-256 as 32 bytes. */
  sha256: (text: string) => Uint8Array
}

/** Hexadecimal. The parts are delimited, so that text cannot move from one to another. */
export function digestOf({ sha256 }: Digests, ...parts: string[]): string {
  return hex(sha256(parts.join('\0')))
}

export function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/**
 * @throws {ServiceError} idempotency-key-reused if the key was first used for a different request.
 */
export function requireSameRequest(known: string, requestHash: string): void {
  if (known === requestHash) return
  throw new ServiceError(
    'idempotency-key-reused',
    'This Idempotency-Key was used with another body. Use a new key for a new request.',
  )
}
