import { z } from 'zod'
import { shorten } from '../../../core/text/shorten.ts'
import { failureOf } from '../calls/call-failure.ts'
import { parseModel, rooted, versioned } from '../models.ts'
import type { Providers } from '../options.ts'

/** How long one request about a batch may take; results may be large. */
const REQUEST_MS = 10 * 60_000
/** The longest answer that is kept, in characters; a longer one counts as missing. */
const LONGEST_ANSWER = 5_000_000
const LONGEST_ERROR = 10_000
/** A batch is looked for among those created up to this long before it was sent: clocks differ. */
const CLOCKS_DIFFER_MS = 10 * 60_000
/** How many of the provider's latest batches are searched. */
const LATEST = 100

/** The calls of one batch as they are sent. */
export interface BatchCalls {
  calls: { id: string; body: string }[]
  /** As in `WaitingCall`. */
  path: string
  beta?: string | undefined
}

/**
 * The batch API of one provider.
 *
 * @throws {BatchRefused} It does not accept this, and repeating it is pointless.
 * @throws Any other error: it may work later.
 */
export interface BatchClient {
  /** Uploads the calls, which costs nothing yet. `undefined`: they are sent with `create`. */
  upload(batch: BatchCalls, signal: AbortSignal): Promise<string | undefined>
  /** Creates the batch and returns its id. */
  create(batch: BatchCalls, fileId: string | undefined, signal: AbortSignal): Promise<string>
  /** Ids of batches that may be the one that was sent at about `since`; its answer was lost. */
  find(
    batch: { size: number; fileId: string | undefined; since: number },
    signal: AbortSignal,
  ): Promise<string[]>
  hasEnded(batchId: string, signal: AbortSignal): Promise<boolean>
  /** Bodies of the successful answers, by the ids of their calls. */
  results(batchId: string, signal: AbortSignal): AsyncIterable<{ id: string; body: unknown }>
  cancel(batchId: string, signal: AbortSignal): Promise<void>
}

export class BatchRefused extends Error {}

/** Whether the provider has a batch API that is supported here. */
export function hasBatches(model: string): boolean {
  const provider = parseModel(model)?.provider
  return provider === 'anthropic' || provider === 'openai'
}

/** `undefined` for a provider without batches. */
export function batchClient(model: string, providers: Providers): BatchClient | undefined {
  switch (parseModel(model)?.provider) {
    case 'anthropic':
      return anthropicBatches(providers)
    case 'openai':
      return openaiBatches(providers)
    default:
      return undefined
  }
}

const AnthropicBatch = z.object({
  id: z.string(),
  processing_status: z.string().optional(),
  created_at: z.string().optional(),
  request_counts: z.record(z.string(), z.number()).optional(),
})
const AnthropicLine = z.object({
  custom_id: z.string(),
  result: z.object({ type: z.literal('succeeded'), message: z.unknown() }),
})

function anthropicBatches({ anthropicApiKey, anthropicBaseUrl }: Providers): BatchClient {
  const base = `${versioned(anthropicBaseUrl ?? 'https://api.anthropic.com')}/messages/batches`
  const headers = { 'x-api-key': anthropicApiKey ?? 'none', 'anthropic-version': '2023-06-01' }
  const get = (path: string, signal: AbortSignal) => request(`${base}${path}`, { headers, signal })
  return {
    upload: async () => undefined,

    async create({ calls, beta }, _fileId, signal) {
      const requests = calls.map(
        ({ id, body }) => `{"custom_id":${JSON.stringify(id)},"params":${body}}`,
      )
      const response = await request(base, {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': 'application/json',
          ...(beta === undefined ? {} : { 'anthropic-beta': beta }),
        },
        body: `{"requests":[${requests.join(',')}]}`,
        signal,
      })
      return AnthropicBatch.parse(await response.json()).id
    },

    // Batches carry no name of ours, but few are created within minutes with the same number of calls.
    async find({ size, since }, signal) {
      const response = await get(`?limit=${LATEST}`, signal)
      const { data } = z.object({ data: z.array(AnthropicBatch) }).parse(await response.json())
      return data.flatMap(({ id, created_at: at = '', request_counts: counts = {} }) => {
        const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
        return total === size && Date.parse(at) >= since - CLOCKS_DIFFER_MS ? [id] : []
      })
    },

    async hasEnded(batchId, signal) {
      const response = await get(`/${encodeURIComponent(batchId)}`, signal)
      return AnthropicBatch.parse(await response.json()).processing_status === 'ended'
    },

    async *results(batchId, signal) {
      const response = await get(`/${encodeURIComponent(batchId)}/results`, signal)
      for await (const line of linesOf(response)) {
        const { data } = AnthropicLine.safeParse(line)
        if (data !== undefined) yield { id: data.custom_id, body: data.result.message }
      }
    },

    async cancel(batchId, signal) {
      const path = `/${encodeURIComponent(batchId)}/cancel`
      await discarded(request(`${base}${path}`, { method: 'POST', headers, signal }))
    },
  }
}

const OpenaiBatch = z.object({
  id: z.string(),
  status: z.string(),
  input_file_id: z.string().nullish(),
  output_file_id: z.string().nullish(),
})
const OpenaiLine = z.object({
  custom_id: z.string(),
  response: z.object({ status_code: z.literal(200), body: z.unknown() }),
})
const OPENAI_ENDED = ['completed', 'failed', 'expired', 'cancelled']

function openaiBatches({ openaiApiKey, openaiBaseUrl }: Providers): BatchClient {
  const base = rooted(openaiBaseUrl ?? 'https://api.openai.com/v1')
  const headers = { authorization: `Bearer ${openaiApiKey ?? 'none'}` }
  const get = (path: string, signal: AbortSignal) => request(`${base}${path}`, { headers, signal })
  const read = async (batchId: string, signal: AbortSignal) => {
    const response = await get(`/batches/${encodeURIComponent(batchId)}`, signal)
    return OpenaiBatch.parse(await response.json())
  }
  return {
    async upload({ calls, path }, signal) {
      const lines = calls.map(
        ({ id, body }) =>
          `{"custom_id":${JSON.stringify(id)},"method":"POST","url":${JSON.stringify(path)},"body":${body}}\n`,
      )
      const form = new FormData()
      form.append('purpose', 'batch')
      form.append('file', new Blob(lines, { type: 'application/jsonl' }), 'calls.jsonl')
      const response = await request(`${base}/files`, {
        method: 'POST',
        headers,
        body: form,
        signal,
      })
      return z.object({ id: z.string() }).parse(await response.json()).id
    },

    async create({ path }, fileId, signal) {
      const response = await request(`${base}/batches`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({
          input_file_id: fileId,
          endpoint: path,
          completion_window: '24h',
        }),
        signal,
      })
      return OpenaiBatch.parse(await response.json()).id
    },

    async find({ fileId }, signal) {
      const response = await get(`/batches?limit=${LATEST}`, signal)
      const { data } = z.object({ data: z.array(OpenaiBatch) }).parse(await response.json())
      return data.flatMap(({ id, input_file_id: file }) => (file === fileId ? [id] : []))
    },

    hasEnded: async (batchId, signal) =>
      OPENAI_ENDED.includes((await read(batchId, signal)).status),

    async *results(batchId, signal) {
      const { output_file_id: file } = await read(batchId, signal)
      if (file == null) return
      const response = await get(`/files/${encodeURIComponent(file)}/content`, signal)
      for await (const line of linesOf(response)) {
        const { data } = OpenaiLine.safeParse(line)
        if (data !== undefined) yield { id: data.custom_id, body: data.response.body }
      }
    },

    async cancel(batchId, signal) {
      const path = `/batches/${encodeURIComponent(batchId)}/cancel`
      await discarded(request(`${base}${path}`, { method: 'POST', headers, signal }))
    },
  }
}

async function request(
  url: string,
  init: RequestInit & { signal: AbortSignal },
): Promise<Response> {
  const signal = AbortSignal.any([init.signal, AbortSignal.timeout(REQUEST_MS)])
  const response = await fetch(url, { ...init, signal, redirect: 'error' })
  if (response.ok) return response
  const said = parsed(shorten(await response.text(), LONGEST_ERROR))
  const { kind } = failureOf({ statusCode: response.status, error: said }, 'batch')
  // The provider's own words may quote prompts.
  const message = `The provider answered a request about a batch with status ${response.status}.`
  throw kind === 'permanent' ? new BatchRefused(message) : new Error(message)
}

async function discarded(response: Promise<Response>): Promise<void> {
  await (await response).body?.cancel()
}

/** The JSON of each line, without those that cannot be read or are too long. */
async function* linesOf(response: Response): AsyncIterable<unknown> {
  if (response.body === null) return
  let rest = ''
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    // Kept just long enough to be recognised as too long.
    if (rest.length > LONGEST_ANSWER) rest = shorten(rest, LONGEST_ANSWER + 2)
    for (const line of lines) yield parsed(line)
  }
  yield parsed(rest)
}

function parsed(line: string): unknown {
  if (line.length > LONGEST_ANSWER) return undefined
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
