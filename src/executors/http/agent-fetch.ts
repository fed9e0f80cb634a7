import { StreamResponse } from '@a2a-js/sdk'
import { z } from 'zod'
import { PermanentError } from '../../core/contract/errors.ts'
import { isTransient, refusal, unreachable, unreadable } from './failures.ts'
import type { Agent } from './options.ts'

/** The most bytes that are read of one answer, including a stream. */
const MAX_BYTES = 32 * 1024 * 1024

/**
 * `fetch` for one agent. Its headers are sent only to its own origins, redirects are not followed,
 * and the response size is limited. Throws for responses that a client cannot use.
 *
 * @throws {TransientError} `agent-unreachable`, `agent-rate-limited`, `agent-error`.
 * @throws {PermanentError} `agent-card-invalid`, `agent-redirect`, `agent-unauthorized`,
 * `agent-refused`.
 */
export function agentFetch(agent: Agent, signal: AbortSignal): typeof fetch {
  const origins = new Set([new URL(agent.url).origin, ...agent.origins])
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input)
    if (!origins.has(url.origin)) {
      const message = `The card of the agent ${agent.name} names another origin, ${url.origin}, which is not allowed.`
      throw new PermanentError('agent-card-invalid', message)
    }
    const headers = new Headers(init.headers)
    for (const [name, value] of Object.entries(agent.headers)) headers.set(name, value)
    const signals = init.signal ? [signal, init.signal] : [signal]
    const response = await fetch(url, {
      ...init,
      headers,
      redirect: 'manual',
      signal: AbortSignal.any(signals),
    }).catch(() => {
      throw unreachable(agent)
    })
    const body = response.body?.pipeThrough(limitTo(MAX_BYTES, agent)) ?? null
    const { status } = response
    const answer = new Response(body, response)
    if (response.ok) return answer
    const text = isTransient(status) || status < 400 ? '' : await answer.text().catch(() => '')
    // Otherwise the client reads the error from it.
    if (status === 401 || status === 403 || !isProtocolError(text)) {
      await answer.body?.cancel().catch(() => {})
      throw refusal(agent, response)
    }
    return new Response(text, response)
  }
}

function limitTo(bytes: number, { name }: Agent) {
  let left = bytes
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      left -= chunk.byteLength
      const message = `The agent ${name} sent more than ${bytes} bytes.`
      if (left < 0) controller.error(new PermanentError('agent-output-limit', message))
      else controller.enqueue(chunk)
    },
  })
}

/** A JSON-RPC response, or an HTTP+JSON status. Other errors may look like either. */
const ProtocolError = z.union([
  z.looseObject({ jsonrpc: z.literal('2.0'), error: z.looseObject({ code: z.int() }) }),
  z.looseObject({ error: z.looseObject({ code: z.int(), status: z.string() }) }),
])

function isProtocolError(text: string): boolean {
  try {
    return ProtocolError.safeParse(JSON.parse(text)).success
  } catch {
    return false
  }
}

/**
 * Ends an HTTP+JSON stream at the first event that cannot be read. Otherwise the SDK would write it
 * to the console, where output does not belong.
 */
export function withReadableEvents(call: typeof fetch, agent: Agent): typeof fetch {
  return async (input, init) => {
    const response = await call(input, init)
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
    return response.body === null || !isStream
      ? response
      : new Response(response.body.pipeThrough(readableEvents(agent)), response)
  }
}

function readableEvents(agent: Agent) {
  const decoder = new TextDecoder()
  let rest = ''
  let data = ''
  const check = (line: string) => {
    if (line.startsWith('data:')) data += `${line.slice(5)}\n`
    if (line !== '' || data === '') return
    try {
      StreamResponse.fromJSON(JSON.parse(data))
    } catch {
      throw unreadable(agent)
    }
    data = ''
  }
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) check(line.replace(/\r$/, ''))
      controller.enqueue(chunk)
    },
    // The SDK also accepts a last event without a blank line after it.
    flush() {
      check(rest)
      check('')
    },
  })
}
