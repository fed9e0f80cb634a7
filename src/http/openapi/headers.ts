import { z } from 'zod'
import { MAX_WAIT_SECONDS } from './query.ts'

const MAX_KEY_LENGTH = 255

/**
 * `Idempotency-Key` in both spellings: a plain token, as most clients send it, or a quoted string,
 * as the IETF draft requires. Both name the same key.
 */
const IdempotencyKey = z.string().transform((header, context) => {
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header)?.[1]
  const key = quoted === undefined ? header : quoted.replace(/\\(["\\])/g, '$1')
  if (key.length <= MAX_KEY_LENGTH && /^[\x20-\x7e]+$/.test(key)) return key
  context.addIssue({
    code: 'custom',
    message: `must be 1 to ${MAX_KEY_LENGTH} printable ASCII characters`,
  })
  return z.NEVER
})

export const SynthesisHeaders = z.object({
  'idempotency-key': IdempotencyKey.optional().describe(
    'Repeating the key with the same body returns the same version and requests no second one.',
  ),
})

export const AddHeaders = z.object({
  'idempotency-key': IdempotencyKey.optional().describe(
    'Repeating the key with the same body adds the tasks once.',
  ),
})

export const SubmitHeaders = z.object({
  'idempotency-key': IdempotencyKey.optional().describe(
    'Repeating the key with the same body returns the same plan and creates no second one.',
  ),
  prefer: z
    .string()
    .optional()
    .describe(
      `\`wait=30\` answers 200 with the finished plan if it ends within 30 seconds (at most ${MAX_WAIT_SECONDS}), else 202.`,
    ),
  traceparent: z
    .string()
    .optional()
    .describe('W3C trace context, passed on to the tasks; ignored when malformed.'),
})

export const EventsHeaders = z.object({
  'last-event-id': z
    .string()
    .max(128, { error: 'is not an id of an event' })
    .optional()
    .describe('Resume after this event; the stream then begins without a snapshot.'),
})

/**
 * The seconds in `Prefer: wait=…` (RFC 7240), at most `MAX_WAIT_SECONDS`. Invalid preferences are
 * ignored, as the RFC requires.
 */
export function preferredWaitSeconds(prefer: string | undefined): number | undefined {
  for (const preference of prefer?.split(',') ?? []) {
    const seconds = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:;.*)?$/i.exec(preference)?.[1]
    // If there are several, the first one counts.
    if (seconds !== undefined) return Math.min(Number(seconds), MAX_WAIT_SECONDS)
  }
  return undefined
}

/** Malformed trace context is dropped, as its specification requires. */
export function traceparentOf(header: string | undefined): string | undefined {
  const pattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/
  return header !== undefined && pattern.test(header) ? header : undefined
}
