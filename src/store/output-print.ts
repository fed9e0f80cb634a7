import { createHash } from 'node:crypto'
import type { TaskOutput } from '../core/ports/executor.ts'

/**
 * Hashes of what tasks that depend on an output can see of it: its text and data, and its edits. Stored
 * with the task, so that a retry can tell whether they have changed.
 */
export function outputPrint({ text, data, edits }: TaskOutput): { text: string; edits: string } {
  return {
    text: hash([text, data]),
    edits: edits === undefined ? '' : hash([edits.patch, edits.files]),
  }
}

/** 128 bits of SHA-256. */
function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22)
}
