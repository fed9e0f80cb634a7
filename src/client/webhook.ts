import { Webhook } from 'standardwebhooks'
import { TuttiError } from './error.ts'

/** What a webhook says: what happened to which plan. Its details are read from the API. */
export interface WebhookEvent {
  /** `plan.finished` and the other events that the plan asked for. */
  type: string
  /** ISO 8601. */
  timestamp: string
  data: {
    planId: string
    /** The same for every delivery of one event, so that a second one is recognised. */
    eventId: string
    /** Of a task's event. */
    taskId?: string
    /** Of a synthesis's event. */
    version?: number
  }
}

/**
 * Checks that a webhook comes from the service, as the Standard Webhooks specification says: its
 * signature, and that it is no more than five minutes old.
 *
 * @param secret `whsec_…`, or several while one replaces another.
 * @param headers Of the request, as `Headers` or as Node gives them.
 * @param body As received: a body that was parsed and written again has another signature.
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
