import type { ToolSet } from 'ai'
import { type Failure, TransientError } from '../../../core/contract/errors.ts'
import { usageSince } from '../../../core/contract/usage.ts'
import type { KeptStep, StepAnswer, StepLog, ToolResult } from '../../../core/ports/steps.ts'
import { textOf } from '../../../core/read/step-views.ts'
import type { Part } from '../calls/answer-parts.ts'
import type { ModelCaller } from '../calls/model-caller.ts'
import type { ProviderModel } from '../models.ts'
import { FINDINGS_TOOL } from '../tools/findings-tool.ts'
import { parseMcpTool, READ_TOOLS } from '../tools/names.ts'
import { keptParts, streamedParts } from './answer-parts.ts'

type CallOptions = Parameters<ProviderModel['doStream']>[0]
type Prompt = CallOptions['prompt']
type Execute = NonNullable<ToolSet[string]['execute']>

/** Replaces the result of a tool that must not be called twice. */
const UNKNOWN_OUTCOME =
  'This call was under way when the process that made it ended. Whether it took effect is unknown, and it was not made again. Find out before you repeat it.'

export interface StepRecorder {
  /** Sets whom to call from now on: the task's model, or the next one that it escalates to. */
  use(caller: ModelCaller, rung: number): void
  /** Replays the stored answers first, and then calls. */
  model: ProviderModel
  tools: ToolSet
  /** Stores the last tool results if no call follows them. */
  finish(): Promise<void>
  /** Why no more calls can be made. */
  failure(): unknown
  /** @throws The error that ends the attempt: a step was not stored, or another process takes over. */
  throwIfOver(): void
  /** Whether a person has sent messages that the model has not seen; the next call includes them. */
  isAddressed(): boolean
  /** Set if the last answer was cut off because the plan had no more money. */
  cutByBudget(): Failure | undefined
}

interface CurrentStep {
  calls: string[]
  /** The tool results that were stored, if it is replayed. */
  kept: Map<string, ToolResult> | undefined
  /** The tool results of this run. */
  results: Map<string, ToolResult>
  /** Its tools may have started in a process that has ended. */
  isCutShort: boolean
  isKept: boolean
  changedFiles: boolean
}

/**
 * Stores a conversation step by step and replays it: the same answers and results lead to the same
 * messages, byte for byte, and to the same side effects in memory.
 */
export function stepRecorder(options: {
  log: StepLog
  steps: readonly KeptStep[]
  tools: ToolSet
  /** Whether the task can be handed over between steps when the worker shuts down. */
  handsOver: boolean
}): StepRecorder {
  const { log } = options
  let caller: ModelCaller | undefined
  let rung = 0
  const left = [...options.steps]
  let current: CurrentStep | undefined
  /** Messages from a person, with the number of conversation messages before each. */
  const heard: { at: number; text: string }[] = []
  let cut: Failure | undefined
  let failure: unknown

  async function keeping(keep: () => Promise<void> | void): Promise<void> {
    try {
      await keep()
    } catch (error) {
      failure = error
      throw error
    }
  }

  async function settle(prompt?: Prompt): Promise<void> {
    const step = current
    if (step === undefined || step.isKept) return
    const results = step.calls.flatMap(
      (id) => step.results.get(id) ?? (prompt === undefined ? [] : resultIn(prompt, id)),
    )
    const { changedFiles } = step
    await keeping(() => log.keepResults(results, { changedFiles }))
    step.isKept = true
  }

  function begin(parts: readonly Part[], kept?: KeptStep): void {
    const calls = parts.flatMap((part) => (part.type === 'tool-call' ? [part.toolCallId] : []))
    const said = kept?.results
    current = {
      calls,
      kept: said && new Map(said.map((result) => [result.id, result])),
      results: new Map(),
      isCutShort: kept !== undefined && said === undefined,
      isKept: calls.length === 0 || said !== undefined,
      changedFiles: false,
    }
  }

  async function answer(asked: CallOptions): Promise<Part[]> {
    await settle(asked.prompt)
    if (caller === undefined) throw new Error('nobody to call')
    hear(asked.prompt, messagesKept())
    if ((left[0]?.rung ?? 0) > rung)
      throw new TransientError('This model was not available before.')
    const kept = left.shift()
    if (kept !== undefined) {
      caller.goOnAfter(kept.model)
      const parts = streamedParts(kept.parts)
      cut = kept.cut
      begin(parts, kept)
      return parts
    }
    if (options.handsOver) await keeping(() => log.checkpoint())
    await keeping(async () => hear(asked.prompt, await log.readMessages()))
    const startedAt = performance.now()
    const before = caller.usage()
    const { stream } = await caller.model.doStream({ ...asked, prompt: withHeard(asked.prompt) })
    const parts: Part[] = []
    for await (const part of stream) parts.push(part)
    cut = caller.cutByBudget()
    begin(parts)
    const step = {
      model: caller.answeredBy(),
      ...(rung === 0 ? {} : { rung }),
      parts: keptParts(parts),
      usage: usageSince(before, caller.usage()),
      ...(cut === undefined ? {} : { cut }),
    }
    const ms = performance.now() - startedAt
    await keeping(() => log.keepAnswer(step, { ms, isLast: current?.calls.length === 0 }))
    return parts
  }

  /** Takes the messages from a person that are next among the stored steps. */
  function messagesKept(): StepAnswer[] {
    const end = left.findIndex(({ kind }) => kind !== 'message')
    return left.splice(0, end === -1 ? left.length : end)
  }

  /** Adds messages from a person after the current end of the conversation. */
  function hear(prompt: Prompt, said: readonly StepAnswer[]): void {
    for (const step of said) heard.push({ at: prompt.length, text: textOf(step) })
  }

  function withHeard(prompt: Prompt): Prompt {
    const whole = [...prompt]
    for (const { at, text } of heard.toReversed()) {
      whole.splice(at, 0, {
        role: 'user',
        content: [{ type: 'text', text: `A person who follows your work says:\n\n${text}` }],
      })
    }
    return whole
  }

  function recorded(name: string, tool: ToolSet[string]): ToolSet[string] {
    const { execute } = tool
    if (execute === undefined) return tool
    const run: Execute = async (input, call) => {
      const step = current
      const id = call.toolCallId
      const said = step?.kept?.get(id)
      // The findings tool runs again, because what it reports is not stored anywhere else.
      if (said !== undefined && name !== FINDINGS_TOOL) return saidBefore(said)
      const keep = (result: Omit<ToolResult, 'id'>) => step?.results.set(id, { id, ...result })
      if (step?.isCutShort === true && !isRepeatable(name, tool)) {
        const content = [{ type: 'text', text: UNKNOWN_OUTCOME }]
        const result = { content, isError: true }
        keep({ result })
        return result
      }
      if (step !== undefined && changesFiles(name)) step.changedFiles = true
      try {
        const result: unknown = await execute(input, call)
        keep({ result })
        return result
      } catch (error) {
        keep({ error: String(error) })
        throw error
      }
    }
    return { ...tool, execute: run } as ToolSet[string]
  }

  return {
    use(next, itsRung) {
      caller = next
      rung = itsRung
    },
    get model() {
      if (caller === undefined) throw new Error('nobody to call')
      return {
        ...caller.model,
        doStream: async (asked: CallOptions) => ({
          stream: ReadableStream.from(await answer(asked)),
        }),
      }
    },
    tools: Object.fromEntries(
      Object.entries(options.tools).map(([name, tool]) => [name, recorded(name, tool)]),
    ),
    finish: () => settle(),
    failure: () => failure ?? caller?.failure(),
    throwIfOver() {
      if (failure !== undefined) throw failure
    },
    isAddressed: () => left[0]?.kind === 'message' || (left.length === 0 && log.isAddressed()),
    cutByBudget: () => cut,
  }
}

/** Whether it may be called twice. For a tool of an MCP server, the server must say so. */
function isRepeatable(name: string, tool: ToolSet[string]): boolean {
  if (parseMcpTool(name) === undefined && tool.metadata === undefined) return true
  const hints = tool.metadata?.annotations as
    | { readOnlyHint?: boolean; idempotentHint?: boolean }
    | undefined
  return hints?.readOnlyHint === true || hints?.idempotentHint === true
}

function changesFiles(name: string): boolean {
  const reads: readonly string[] = [...READ_TOOLS, FINDINGS_TOOL]
  return !reads.includes(name) && parseMcpTool(name) === undefined
}

/** Returns the stored result, or throws the stored error with the same message. */
function saidBefore(said: ToolResult): unknown {
  if (said.error !== undefined) throw new EarlierError(said.error)
  return said.result
}

/** The AI SDK passes an error to the model as a string. */
class EarlierError extends Error {
  override toString(): string {
    return this.message
  }
}

/** The result of a call that reached no tool because its arguments were invalid. */
function resultIn(prompt: Prompt, id: string): ToolResult[] {
  const last = prompt.findLast(({ role }) => role === 'tool')
  if (last?.role !== 'tool') return []
  return last.content.flatMap((part): ToolResult[] => {
    if (part.type !== 'tool-result' || part.toolCallId !== id) return []
    const { output } = part
    return 'value' in output ? [{ id, error: String(output.value) }] : []
  })
}
