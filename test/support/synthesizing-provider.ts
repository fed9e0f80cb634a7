import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A finding as the prompt of a synthesis shows it. */
export interface ShownFinding {
  ref: string
  severity: string
  confidence: number
  title: string
}

/** One call: what it showed, and whether it was over parts. */
export interface SynthesisCall {
  prompt: string
  findings: ShownFinding[]
  /** Parts whose summaries it showed. */
  parts: number
}

/** Speaks OpenAI's chat completions, and writes syntheses as `write` says. */
export interface SynthesizingProvider {
  url: string
  calls: SynthesisCall[]
  /** Calls that came and were not answered yet, nor given up. */
  open(): number
  /** Holds back all answers from now on; the function lets them go. */
  hold(): () => void
  close(): Promise<void>
}

/** @param write The answer's text: a synthesis as JSON, or garbage. */
export async function startSynthesizingProvider(
  write: (call: SynthesisCall, number: number) => string,
): Promise<SynthesizingProvider> {
  const calls: SynthesisCall[] = []
  const open = new Set<ServerResponse>()
  let held: Promise<void> = Promise.resolve()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      open.add(response)
      response.on('close', () => open.delete(response))
      const call = readCall(Buffer.concat(chunks).toString())
      calls.push(call)
      const number = calls.length
      void held.then(() => answer(response, write(call, number)))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    calls,
    open: () => open.size,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return () => {
        held = Promise.resolve()
        resolve()
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function answer(response: ServerResponse, text: string): void {
  if (response.destroyed) return
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const chunk of chunksOf(text)) response.write(`data: ${JSON.stringify(chunk)}\n\n`)
  response.end('data: [DONE]\n\n')
}

/** A synthesis that keeps every finding it was shown as its own. */
export function keepAll(
  { findings }: SynthesisCall,
  keep: (finding: ShownFinding, index: number) => boolean = () => true,
): string {
  return JSON.stringify({
    summary: `Over ${findings.length} findings.`,
    findings: findings.filter(keep).map(({ ref, severity, confidence, title }) => ({
      title,
      severity,
      confidence,
      detail: 'As the model says.',
      from: [ref],
    })),
    dropped: [],
    conflicts: [],
    actions: [],
  })
}

function readCall(body: string): SynthesisCall {
  const { messages } = JSON.parse(body) as { messages: { role: string; content: unknown }[] }
  const said = messages.find(({ role }) => role === 'user')?.content
  const prompt = typeof said === 'string' ? said : (said as { text: string }[])[0]?.text
  const shown = /^- (\S+\/\d+) \[(\w+), confidence ([\d.]+)[^\]]*\] (.*)$/gm
  return {
    prompt: prompt ?? '',
    findings: Array.from(
      (prompt ?? '').matchAll(shown),
      ([, ref = '', severity = '', confidence, title = '']) => ({
        ref,
        severity,
        confidence: Number(confidence),
        title,
      }),
    ),
    parts: Array.from((prompt ?? '').matchAll(/^### Task part-\d+: /gm)).length,
  }
}

const HEAD = { id: 'answer', object: 'chat.completion.chunk', created: 0, model: 'synthesizing' }

function chunksOf(text: string) {
  return [
    {
      ...HEAD,
      choices: [{ index: 0, delta: { role: 'assistant', content: text }, finish_reason: null }],
    },
    { ...HEAD, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    {
      ...HEAD,
      choices: [],
      usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
    },
  ]
}
