import { createHash } from 'node:crypto'

/** A hash of everything a conversation depends on; if it differs, nothing is resumed. */
export function conversationName(from: unknown): string {
  return createHash('sha256').update(JSON.stringify(from)).digest('hex')
}
