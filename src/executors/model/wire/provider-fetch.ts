import { Agent, fetch as undiciFetch } from 'undici'
import { plainEvents } from './plain-events.ts'
import { chatReader } from './read-chat.ts'
import { messagesReader } from './read-messages.ts'
import { withoutRefusedFields } from './refused-fields.ts'

/**
 * A provider's dialect: OpenAI's chat completions, Anthropic's messages, or its own, which is left as
 * it is.
 */
export type Dialect = 'chat' | 'messages' | 'own'

/**
 * A model on a slow machine may take minutes to its first word, and minutes between two words. How
 * long is acceptable is up to the task, whose signal ends the call.
 */
const patient = new Agent({ headersTimeout: 0, bodyTimeout: 0 })

const patientFetch = ((input: string, init: object) =>
  undiciFetch(input, { ...init, dispatcher: patient })) as unknown as typeof fetch

/**
 * `fetch` for one model of one provider. Many servers implement a dialect only approximately: what
 * they obviously mean is translated to what the SDK expects, and fields that they reject are left
 * out.
 */
export function providerFetch(dialect: Dialect): typeof fetch {
  const call = withoutRefusedFields(patientFetch)
  if (dialect === 'own') return call
  return async (input, init) => {
    const response = await call(input, init)
    if (!response.ok || response.body === null) return response
    const reader = dialect === 'chat' ? chatReader() : messagesReader()
    const headers = new Headers(response.headers)
    headers.set('content-type', 'text/event-stream')
    // These described the original body.
    headers.delete('content-length')
    headers.delete('content-encoding')
    return new Response(response.body.pipeThrough(plainEvents(reader)), {
      status: response.status,
      headers,
    })
  }
}
