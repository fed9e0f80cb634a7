import { createHash } from 'node:crypto'

/** What a conversation follows from, in short: under another name, nothing of it is resumed. */
export function conversationName(from: unknown): string {
  return createHash('sha256').update(JSON.stringify(from)).digest('hex')
}
