import { costOf } from '../../core/budget/prices.ts'
import { addUsage, NO_USAGE, type Usage } from '../../core/contract/usage.ts'
import type { ExecutionContext } from '../../core/ports/executor.ts'
import type { CallUsage, Result, StreamEvent } from './messages.ts'

/** What an agent has written and used so far. */
export interface Progress {
  take(event: StreamEvent): void
  /** Switches to the result's counts, which include calls that were never reported. */
  finish(result: Result): void
  text(): string
  usage(): Usage
}

/**
 * Passes on text and usage as they arrive. Until there is a result, cost is computed from list
 * prices.
 */
export function createProgress(context: Pick<ExecutionContext, 'onText' | 'onUsage'>): Progress {
  let text = ''
  let isNewText = true
  let ended = NO_USAGE
  let call: { model: string; usage: CallUsage } | undefined
  let usage = NO_USAGE

  function report(next: Usage): void {
    usage = next
    context.onUsage(usage, call === undefined ? undefined : `anthropic:${call.model}`)
  }

  return {
    take(event) {
      switch (event.type) {
        case 'message_start':
          ended = usage
          call = event.message
          isNewText = true
          report(addUsage(ended, usageOf(call)))
          return
        case 'message_delta':
          if (call === undefined || event.usage === undefined) return
          call.usage = { ...call.usage, ...given(event.usage) }
          report(addUsage(ended, usageOf(call)))
          return
        case 'content_block_delta': {
          const { type, text: piece = '' } = event.delta
          if (type !== 'text_delta' || piece === '') return
          const added = isNewText && text !== '' ? `\n\n${piece}` : piece
          isNewText = false
          text += added
          context.onText(added)
        }
      }
    },
    finish({ modelUsage, total_cost_usd: costUsd }) {
      const models = Object.values(modelUsage)
      if (models.length === 0) return
      const sum = (of: (model: (typeof models)[number]) => number) =>
        models.reduce((total, model) => total + of(model), 0)
      const cacheReadTokens = sum((model) => model.cacheReadInputTokens)
      const cacheWriteTokens = sum((model) => model.cacheCreationInputTokens)
      report({
        inputTokens: sum((model) => model.inputTokens) + cacheReadTokens + cacheWriteTokens,
        outputTokens: sum((model) => model.outputTokens),
        cacheReadTokens,
        cacheWriteTokens,
        steps: usage.steps,
        costUsd,
      })
    },
    text: () => text,
    usage: () => usage,
  }
}

function usageOf({ model, usage }: { model: string; usage: CallUsage }): Usage {
  const cacheReadTokens = usage.cache_read_input_tokens ?? 0
  const cacheWriteTokens = usage.cache_creation_input_tokens ?? 0
  const counted = {
    inputTokens: (usage.input_tokens ?? 0) + cacheReadTokens + cacheWriteTokens,
    outputTokens: usage.output_tokens ?? 0,
    cacheReadTokens,
    cacheWriteTokens,
  }
  return { ...counted, steps: 1, costUsd: costOf(`anthropic:${model}`, counted) }
}

/** The counts in a later event, which omits those that have not changed. */
function given(usage: CallUsage): Partial<CallUsage> {
  return Object.fromEntries(Object.entries(usage).filter(([, count]) => typeof count === 'number'))
}
