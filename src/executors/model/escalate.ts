import type { ModelMessage } from 'ai'
import { isParking } from '../../core/budget/allowance.ts'
import { type Failure, PermanentError } from '../../core/contract/errors.ts'
import type { ExecutionOutcome } from '../../core/ports/executor.ts'

/** How far one model got. */
export interface Try {
  outcome: ExecutionOutcome
  /** The whole conversation so far. */
  messages: ModelMessage[]
  /** No other model could do better, because there is no money left. */
  isFinal: boolean
}

/**
 * Lets models continue a conversation one after another until one gives a complete answer. If a
 * later model is not available, what was achieved before is kept.
 *
 * @throws What the first model throws; of a later one only errors that end the plan's spending.
 */
export async function escalate<Rung>(
  ladder: readonly [Rung, ...Rung[]],
  options: {
    start: ModelMessage[]
    tryOne(rung: Rung, messages: ModelMessage[]): Promise<Try>
    /** A later model is not available. May throw to end everything. */
    onFailure(error: unknown, rung: Rung): void
  },
): Promise<ExecutionOutcome> {
  const [first, ...others] = ladder
  const { start } = options
  let last = await options.tryOne(first, start)
  for (const rung of others) {
    const { outcome } = last
    if (outcome.status === 'succeeded' || last.isFinal) break
    try {
      last = await options.tryOne(rung, goingOn(start, last.messages, outcome.reason))
    } catch (error) {
      if (error instanceof PermanentError && isParking(error.code)) throw error
      options.onFailure(error, rung)
    }
  }
  return last.outcome
}

/** What the next model is told. A model that declined has left nothing to continue from. */
function goingOn(start: ModelMessage[], messages: ModelMessage[], reason: Failure): ModelMessage[] {
  if (reason.code === 'content-filter') return start
  const last = messages.at(-1)
  const kept = last?.role === 'assistant' && !isWhole(last) ? messages.slice(0, -1) : messages
  const text = `This has not come to a complete output. ${reason.message} Go on with the task from here, and give the whole output.`
  return [...kept, { role: 'user', content: [{ type: 'text', text }] }]
}

/** Providers reject a message that is empty or whose tool calls are unanswered. */
function isWhole({ content }: Extract<ModelMessage, { role: 'assistant' }>): boolean {
  if (typeof content === 'string') return content.trim() !== ''
  if (content.some(({ type }) => type === 'tool-call')) return false
  return content.some((part) => part.type === 'text' && part.text.trim() !== '')
}
