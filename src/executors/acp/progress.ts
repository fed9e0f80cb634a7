import type { ContentBlock, SessionUpdate, ToolCallUpdate } from '@agentclientprotocol/sdk'
import { z } from 'zod'
import { addUsage, NO_USAGE, type Usage } from '../../core/contract/usage.ts'
import type { ExecutionContext } from '../../core/ports/executor.ts'
import type { AnswerPart, ToolResult } from '../../core/ports/steps.ts'
import { shorten } from '../../core/text/shorten.ts'

/** Maximum characters kept of an agent's text, and of the arguments or result of one tool call. */
const MOST_TEXT = 4_000_000
const MOST_OF_CALL = 100_000

interface ToolCall {
  name: string | undefined
  input: unknown
  said: string
  failed: boolean
}

/** What an agent says and does, as it reports it. */
export interface Progress {
  take(update: SessionUpdate): void
  /** Its last message, or all its messages if the last one is empty. */
  answer(): { text: string; reasoning: string }
  usage(): Usage
  /** The usage that its answer tells of; counted if it has told of none before. */
  takeUsage(told: unknown): void
  /** Stores the last step. @throws {AttemptAborted} Another worker has the task. */
  finish(): Promise<void>
}

/**
 * @param name The model name in steps.
 * @param onLost Called when steps can no longer be stored because another worker has the task.
 */
export async function createProgress(
  context: ExecutionContext,
  name: string,
  onLost: (error: unknown) => void,
): Promise<Progress> {
  const { steps } = context
  // An agent has no memory of an earlier attempt.
  await steps?.resume(name, { anew: true })
  let said = 0
  let usage = NO_USAGE
  /** The part of `usage` that belongs to the current step. */
  let spent = NO_USAGE
  let message = ''
  let thought = ''
  let all = ''
  let thoughts = ''
  let messageId: string | undefined
  let calls = new Map<string, ToolCall>()
  let startedAt = performance.now()
  let keeping: Promise<void> = Promise.resolve()

  function say(text: string): void {
    const kept = shorten(text, MOST_TEXT - said)
    said += kept.length
    message += kept
    if (kept !== '') context.onText(kept)
  }

  /** Ends a step: a message and the tool calls after it. */
  function nextStep(): void {
    if (message === '' && thought === '' && calls.size === 0) return
    const ms = Math.round(performance.now() - startedAt)
    const parts: AnswerPart[] = [
      ...(thought === '' ? [] : [{ type: 'reasoning-delta', delta: thought }]),
      ...(message === '' ? [] : [{ type: 'text-delta', delta: message }]),
      ...[...calls].map(([toolCallId, { name: toolName = 'tool', input }]) => ({
        type: 'tool-call',
        toolCallId,
        toolName,
        input: shorten(JSON.stringify(input ?? {}), MOST_OF_CALL),
      })),
    ]
    const results = [...calls].map(
      ([id, { said: result, failed }]): ToolResult =>
        failed ? { id, error: result } : { id, result },
    )
    if (message.trim() !== '') all += `${all === '' ? '' : '\n\n'}${message.trim()}`
    if (thought !== '') thoughts += `${thoughts === '' ? '' : '\n\n'}${thought}`
    const isLast = calls.size === 0
    const ofStep = { ...spent, steps: 1 }
    usage = { ...usage, steps: usage.steps + 1 }
    spent = NO_USAGE
    context.onUsage(usage, name)
    keeping = keeping.then(async () => {
      await steps?.keepAnswer({ model: name, parts, usage: ofStep }, { ms, isLast })
      if (!isLast) await steps?.keepResults(results, { changedFiles: false })
    })
    keeping.catch(onLost)
    message = ''
    thought = ''
    calls = new Map()
    startedAt = performance.now()
  }

  function takeCall({
    toolCallId,
    title,
    name: tool,
    kind,
    rawInput,
    rawOutput,
    content,
    status,
    _meta,
  }: ToolCallUpdate): void {
    const known = calls.get(toolCallId)
    const said = (content ?? [])
      .map((piece) => (piece.type === 'content' ? textOf(piece.content) : ''))
      .join('')
    const output = said === '' && rawOutput != null ? asText(rawOutput) : said
    calls.set(toolCallId, {
      name: tool ?? toolNameIn(_meta) ?? known?.name ?? kind ?? title ?? undefined,
      input: rawInput ?? known?.input ?? (title == null ? undefined : { title }),
      said: output === '' ? (known?.said ?? '') : shorten(output, MOST_OF_CALL),
      failed: status === 'failed' || (status == null && known?.failed === true),
    })
  }

  /** Counts the usage that some agents report with each message. */
  function count(told: Usage | undefined): void {
    if (told === undefined) return
    spent = addUsage(spent, told)
    usage = addUsage(usage, told)
    context.onUsage(usage, name)
  }

  let last = ''
  return {
    take(update) {
      count(tokensIn(update._meta?.usage))
      switch (update.sessionUpdate) {
        case 'agent_message_chunk': {
          const id = update.messageId ?? undefined
          if (calls.size > 0 || (id !== messageId && message !== '')) nextStep()
          if (message === '' && all !== '') context.onText('\n\n')
          messageId = id
          say(textOf(update.content))
          break
        }
        case 'agent_thought_chunk':
          if (calls.size > 0) nextStep()
          thought += shorten(textOf(update.content), Math.max(0, MOST_TEXT - thought.length))
          break
        case 'tool_call':
        case 'tool_call_update':
          takeCall(update)
          break
        case 'usage_update': {
          const { cost } = update
          if (cost?.currency === 'USD') usage = { ...usage, costUsd: cost.amount }
          context.onUsage(usage, name)
          break
        }
        default:
        // Plans, modes and the like are meant for editors.
      }
    },

    answer() {
      return { text: last === '' ? all : last, reasoning: thoughts }
    },

    usage: () => usage,

    takeUsage(told) {
      if (usage.inputTokens === 0 && usage.outputTokens === 0) count(tokensIn(told))
    },

    async finish() {
      last = message.trim()
      nextStep()
      await keeping
    },
  }
}

const Tokens = z.object({
  inputTokens: z.number(),
  outputTokens: z.number(),
  cachedReadTokens: z.number().nullish(),
  cachedWriteTokens: z.number().nullish(),
})

/** In the form that the protocol is about to have. */
function tokensIn(value: unknown): Usage | undefined {
  const { data } = Tokens.safeParse(value)
  return (
    data && {
      ...NO_USAGE,
      inputTokens: data.inputTokens,
      outputTokens: data.outputTokens,
      cacheReadTokens: data.cachedReadTokens ?? 0,
      cacheWriteTokens: data.cachedWriteTokens ?? 0,
    }
  )
}

/** Where agents name their tools that do not do so in the field for it. */
function toolNameIn(meta: unknown): string | undefined {
  return z.object({ toolName: z.string() }).safeParse(meta).data?.toolName
}

function textOf(block: ContentBlock): string {
  return block.type === 'text' ? block.text : ''
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
