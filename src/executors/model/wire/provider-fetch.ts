import { Agent, fetch as undiciFetch } from 'undici'
import { plainEvents } from './plain-events.ts'
import { chatReader } from './read-chat.ts'
import { messagesReader } from './read-messages.ts'
import { withoutRefusedFields } from './refused-fields.ts'

/** What a provider speaks: OpenAI's chat completions, Anthropic's messages, or OpenAI's own responses. */
export type Dialect = 'chat' | 'messages' | 'responses'

/**
 * A model on a slow machine may take minutes to its first word, and minutes between two. How long that
 * may be is for the task to say, whose signal ends the call.
 */
const patient = new Agent({ headersTimeout: 0, bodyTimeout: 0 })

const patientFetch = ((input: string, init: object) =>
  undiciFetch(input, { ...init, dispatcher: patient })) as unknown as typeof fetch

/**
 * `fetch` for one model of one provider. Many servers speak a dialect only nearly: what they mean is put
 * into the words that the SDK knows, where it is plain, and what they refuse is left out.
 */
export function providerFetch(dialect: Dialect): typeof fetch {
  const call = withoutRefusedFields(patientFetch)
  if (dialect === 'responses') return call
  return async (input, init) => {
    const response = await call(input, init)
    if (!response.ok || response.body === null) return response
    const reader = dialect === 'chat' ? chatReader() : messagesReader()
    const headers = new Headers(response.headers)
    headers.set('content-type', 'text/event-stream')
    // They were of the body as it was sent.
    headers.delete('content-length')
    headers.delete('content-encoding')
    return new Response(response.body.pipeThrough(plainEvents(reader)), {
      status: response.status,
      headers,
    })
  }
}
