import { Webhook } from 'standardwebhooks'
import { TuttiError } from './error.ts'

/** A webhook's content: what happened to which plan. Details are read from the API. */
export interface WebhookEvent {
  /** `plan.finished` or another event that the plan subscribed to. */
  type: string
  /** ISO 8601. */
  timestamp: string
  data: {
    planId: string
    /** The same for every delivery of an event, so that repeats can be recognised. */
    eventId: string
    /** For a task's event. */
    taskId?: string
    /** For a synthesis's event. */
    version?: number
    /** For a step's event, its number. */
    step?: number
  }
}

/**
 * Verifies that a webhook comes from the service, according to the Standard Webhooks specification:
 * its signature, and that it is at most five minutes old.
 *
 * @param secret `whsec_…`, or several during a rotation.
 * @param headers The request's headers, as `Headers` or in Node's format.
 * @param body As received: parsing and serialising it changes the signature.
 * @throws {TuttiError} `invalid-webhook`
 */
export function verifyWebhook(
  secret: string | readonly string[],
  headers: Headers | Record<string, string | string[] | undefined>,
  body: string | Uint8Array,
): WebhookEvent {
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body)
  const signed = Object.fromEntries(
    ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [
      name,
      headerOf(headers, name),
    ]),
  )
  let reason: unknown
  for (const candidate of typeof secret === 'string' ? [secret] : secret) {
    try {
      return new Webhook(candidate).verify(text, signed) as WebhookEvent
    } catch (error) {
      reason = error
    }
  }
  const message = reason instanceof Error ? reason.message : 'no secret to check it with'
  throw new TuttiError('invalid-webhook', message, { cause: reason })
}

function headerOf(
  headers: Headers | Record<string, string | string[] | undefined>,
  name: string,
): string {
  if (headers instanceof Headers) return headers.get(name) ?? ''
  const value = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1]
  return (Array.isArray(value) ? value.join(' ') : value) ?? ''
}
