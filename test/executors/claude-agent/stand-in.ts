import type { AgentOptions, AgentQuery } from '../../../src/executors/claude-agent/sdk.ts'

/** What the stand-in was asked. */
export interface Asked {
  prompt: string
  options: AgentOptions
}

export interface StandIn {
  query: AgentQuery
  asked: Asked[]
  /** Resolves once a conversation has begun and waits for an interrupt. */
  hanging(): Promise<void>
}

/** A message to yield; `hang` waits for an interrupt, `deaf` for the end of its process, an error is thrown. */
export type Step = object | 'hang' | 'deaf' | Error

/**
 * Has the shape of the SDK: a conversation is a generator of messages that can be interrupted, in a
 * process of its own, which outlives a conversation as long as nobody ends it.
 */
export function standIn(scriptFor: (asked: Asked) => Step[]): StandIn {
  const asked: Asked[] = []
  let onHang: () => void = () => undefined
  const isHanging = new Promise<void>((resolve) => {
    onHang = resolve
  })
  return {
    asked,
    hanging: () => isHanging,
    query(request) {
      asked.push(request)
      const interrupted = Promise.withResolvers<void>()
      async function* converse() {
        const { cwd, env } = request.options
        const args = ['-e', 'setInterval(() => {}, 1000); console.log("up")']
        const child = request.options.spawnClaudeCodeProcess({
          command: process.execPath,
          args,
          cwd,
          env,
        })
        const exit = new Promise((resolve) => child.once('exit', resolve))
        await new Promise((resolve) => child.stdout?.once('data', resolve))
        for (const step of scriptFor(request)) {
          if (step instanceof Error) throw step
          if (typeof step !== 'string') {
            yield step
            continue
          }
          onHang()
          if (step === 'deaf') {
            await exit
            throw new Error('Claude Code process terminated by signal SIGKILL')
          }
          await interrupted.promise
          yield result({ subtype: 'error_during_execution', is_error: true })
          throw new Error('Claude Code returned an error result')
        }
      }
      return Object.assign(converse(), {
        async interrupt() {
          interrupted.resolve()
        },
      })
    },
  }
}

/** The events with which one model call streams its answer. */
export function answer(text: string, usage: { input?: number; output?: number } = {}): object[] {
  const { input = 10, output = 5 } = usage
  const event = (content: object) => ({ type: 'stream_event', event: content })
  return [
    event({
      type: 'message_start',
      message: {
        model: 'claude-sonnet-4-5',
        usage: { input_tokens: input, output_tokens: 1, cache_read_input_tokens: 100 },
      },
    }),
    event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
    event({ type: 'content_block_stop', index: 0 }),
    event({
      type: 'message_delta',
      delta: { stop_reason: 'end_turn' },
      usage: { output_tokens: output },
    }),
    { type: 'assistant', message: { role: 'assistant', content: [{ type: 'text', text }] } },
  ]
}

export function result(more: object = {}): object {
  return {
    type: 'result',
    subtype: 'success',
    is_error: false,
    api_error_status: null,
    num_turns: 1,
    stop_reason: 'end_turn',
    terminal_reason: 'completed',
    total_cost_usd: 0.25,
    modelUsage: {
      'claude-sonnet-4-5': {
        inputTokens: 20,
        outputTokens: 7,
        cacheReadInputTokens: 200,
        cacheCreationInputTokens: 3,
        costUSD: 0.25,
      },
    },
    ...more,
  }
}

/** How the SDK reports a call that failed permanently: a result, then an error with its text. */
export function failedCall(status: number | null, error: string, more: object = {}): Step[] {
  const text = `API Error: ${status} what the provider wrote`
  return [
    { type: 'assistant', message: { role: 'assistant', content: [] }, error },
    result({
      is_error: true,
      api_error_status: status,
      result: text,
      terminal_reason: 'api_error',
      modelUsage: {},
      total_cost_usd: 0,
      ...more,
    }),
    new Error(`Claude Code returned an error result: ${text}`),
  ]
}

/** How it reports a call that it will repeat. */
export function retry(status: number | null, error: string, attempt = 1): object {
  return {
    type: 'system',
    subtype: 'api_retry',
    attempt,
    max_retries: 10,
    retry_delay_ms: 1_500,
    error_status: status,
    error,
  }
}
