import { estimateTokens } from '../../../core/text/tokens.ts'
import type { ProviderModel } from '../models.ts'
import type { CallFailure } from './call-failure.ts'

type CallOptions = Parameters<ProviderModel['doStream']>[0]

/** How many parts of a call are named. */
const NAMED = 4

/** Adds to the failure of an overlong call which parts were long. */
export function withLength(failed: CallFailure, call: CallOptions, sharedTokens = 0): CallFailure {
  if (failed.code !== 'context-too-long') return failed
  return { ...failed, message: `${failed.message} ${lengthOf(call, sharedTokens)}` }
}

/**
 * Describes in a sentence what an overlong call consists of, the longest part first: only sizes, no
 * text.
 *
 * @param sharedTokens Tokens of the plan's shared context, which starts the first message.
 */
function lengthOf({ prompt, tools }: CallOptions, sharedTokens: number): string {
  const tokens = new Map<string, number>()
  const add = (part: string, count: number) => tokens.set(part, (tokens.get(part) ?? 0) + count)
  let isFirst = true
  for (const message of prompt) {
    if (message.role === 'system') {
      add('instructions and tools', estimateTokens(message.content))
    } else if (message.role === 'assistant') {
      add("the model's own answers", sizeOf(message.content))
    } else if (message.role === 'user') {
      const shared = isFirst ? sharedTokens : 0
      if (shared > 0) add('the shared context', shared)
      add('the task', Math.max(0, sizeOf(message.content) - shared))
      isFirst = false
    } else {
      for (const part of message.content) {
        if (part.type === 'tool-result') add(`results of \`${part.toolName}\``, sizeOf(part.output))
      }
    }
  }
  if (tools !== undefined) add('instructions and tools', sizeOf(tools))
  const all = [...tokens.values()].reduce((sum, count) => sum + count, 0)
  const longest = [...tokens].sort(([, a], [, b]) => b - a).slice(0, NAMED)
  const parts = longest.map(([part, count]) => `${part} ${count}`).join(', ')
  return `It was sent about ${all} tokens: ${parts}.`
}

/** The estimated tokens of all texts in a value. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return estimateTokens(value)
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce<number>((sum, member) => sum + sizeOf(member), 0)
}
