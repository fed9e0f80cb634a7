import { createHash } from 'node:crypto'
import { simulateStreamingMiddleware, wrapLanguageModel } from 'ai'
import type { Part } from '../calls/answer-parts.ts'
import type { RelaxedCalls } from '../calls/relaxed.ts'
import { loadModel, type ProviderModel } from '../models.ts'
import type { Providers } from '../options.ts'
import type { Relaxed } from './lane.ts'
import { hasBatches } from './provider-client.ts'

type CallOptions = Parameters<ProviderModel['doStream']>[0]

export function relaxedCalls(relaxed: Relaxed, providers: Providers): RelaxedCalls {
  const { lane, planId, caller, deadlineMs } = relaxed
  const used = new Set<string>()
  return {
    async ask(name, call, cover) {
      if (!hasBatches(name)) return undefined
      const id = idOf([planId, caller, name], call)
      used.add(id)
      let failure: unknown
      const parts = await relaxed.aside(async (signal) => {
        const isKnown = await lane.isKnown(planId, id)
        const paid = isKnown ? call : await cover({ ...call, abortSignal: signal })
        // The SDK writes the request and reads the answer; in between, it waits for the batch.
        const answeredInBatch: typeof fetch = async (input, init) => {
          try {
            const url = new URL(input instanceof Request ? input.url : input)
            const beta = new Headers(init?.headers).get('anthropic-beta') ?? undefined
            const body = String(init?.body)
            const path = url.pathname.replace(/^.*(?=\/v1\/)/, '')
            const request = { planId, id, model: name, path, beta, body, deadlineMs, signal }
            const answer = await lane.answer(request)
            return Response.json(answer.body ?? {}, { status: 'body' in answer ? 200 : 404 })
          } catch (error) {
            failure = error
            throw error
          }
        }
        const model = await loadModel(name, providers, answeredInBatch)
        return partsOf(model, { ...paid, abortSignal: signal })
      })
      if (failure !== undefined) throw failure
      return parts
    },
    async done() {
      if (used.size > 0) await lane.forget(planId, [...used])
    },
  }
}

/** All parts of an answer; `undefined` if there is none that can be used. */
async function partsOf(model: ProviderModel, call: CallOptions): Promise<Part[] | undefined> {
  const whole = wrapLanguageModel({ model, middleware: simulateStreamingMiddleware() })
  try {
    const { stream } = await whole.doStream(call)
    return await Array.fromAsync(stream as ReadableStream<Part>)
  } catch {
    // Asked live, the provider says what is wrong.
    return undefined
  }
}

/** Without the output limit, which depends on the money that is left. */
function idOf(of: string[], { prompt, tools, responseFormat, ...call }: CallOptions): string {
  const { temperature, seed, reasoning } = call
  const text = JSON.stringify([of, prompt, tools, responseFormat, temperature, seed, reasoning])
  return createHash('sha256').update(text).digest('base64url').slice(0, 40)
}
