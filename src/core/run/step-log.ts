import { isUnavailable, TransientError } from '../contract/errors.ts'
import { NO_USAGE, type Usage } from '../contract/usage.ts'
import type { PersonsMessage, StepKeeper, StepStore } from '../ports/step-store.ts'
import type { StepAnswer, StepLog, ToolResult } from '../ports/steps.ts'
import { saidIn, toolCallsOf } from '../read/step-views.ts'
import { shorten } from '../text/shorten.ts'
import type { AttemptFolder } from './attempt-folder.ts'
import { AttemptAborted } from './running-tasks.ts'
import { untilAvailable } from './until-available.ts'

/** What is kept of one task, in bytes: its steps, and the files that it has changed. */
const MOST_BYTES = 8 * 1024 * 1024
/** What is left of a result that has to make room. */
const SHORTENED_CHARS = 1_000

export interface StepLogOptions {
  store: StepStore
  keeper: StepKeeper
  folder: () => Pick<AttemptFolder, 'base' | 'snapshot' | 'restore'>
  /** Ends the attempt. */
  signal: AbortSignal
  /** The process is to end. */
  stopping: AbortSignal
  /** Of the attempt so far. */
  usage: () => Usage
  /** The text of the steps before, once they are resumed. */
  onResumed: (text: string) => void
  onFault: (error: unknown) => void
  mostBytes?: number
}

export interface KeepingLog extends StepLog {
  /** Whether the usage of a call is counted with its answer, in one step: with neither, it was in flight. */
  countsUsage(): boolean
}

export function stepLog(options: StepLogOptions): KeepingLog {
  const { store, keeper, signal, mostBytes = MOST_BYTES } = options
  const encoder = new TextEncoder()
  let name: string | undefined
  let number = 0
  let bytes = 0
  let files: string | undefined
  /** Of the conversation, whose results may have to make room. */
  const results = new Map<number, { kept: ToolResult[]; size: number }>()
  let answer: StepAnswer | undefined
  let unread: PersonsMessage[] = []
  /** Nothing more of this attempt can be kept: the next goes on from what was kept before. */
  let isOver = false

  const lost = () => new AttemptAborted('lost', 'Another worker has the task.')

  async function keep(step: {
    part: 'answer' | 'results'
    ms: number
    isComplete: boolean
    event: Record<string, unknown>
    body: string
    changed?: string | undefined
    message?: string
  }): Promise<void> {
    const { changed } = step
    const size = encoder.encode(step.body).length
    const grows = size + (changed === undefined ? 0 : changed.length - (files?.length ?? 0))
    const replaced = makeRoom(bytes + grows - mostBytes)
    if (replaced === undefined) {
      isOver = true
      return
    }
    try {
      const kept = await untilAvailable(
        () =>
          store.keep(keeper, {
            name: name ?? '',
            number,
            part: step.part,
            ms: step.ms,
            isComplete: step.isComplete,
            event: step.event,
            body: step.body,
            usage: options.usage(),
            files: changed,
            message: step.message,
            replaced,
          }),
        signal,
      )
      if (kept.status === 'refused') throw lost()
      bytes = kept.bytes
      unread = kept.unread
      files = changed ?? files
    } catch (error) {
      if (error instanceof AttemptAborted || isUnavailable(error) || signal.aborted) throw error
      // Without this step a later attempt repeats a call; without the attempt all of its calls.
      options.onFault(error)
      isOver = true
    }
  }

  /** Shortens the oldest results by so many bytes; `undefined` where that is not enough. */
  function makeRoom(excess: number): { number: number; body: string }[] | undefined {
    let left = excess
    const replaced: { number: number; body: string }[] = []
    for (const [step, entry] of results) {
      if (left <= 0) break
      const kept = entry.kept.map(shortened)
      const body = JSON.stringify(kept)
      const size = encoder.encode(body).length
      if (size >= entry.size) continue
      left -= entry.size - size
      replaced.push({ number: step, body })
      results.set(step, { kept, size })
    }
    return left > 0 ? undefined : replaced
  }

  function remember(step: number, kept: ToolResult[], body: string): void {
    results.set(step, { kept, size: encoder.encode(body).length })
  }

  return {
    countsUsage: () => name !== undefined && !isOver,

    async resume(conversation, { anew }) {
      const folder = options.folder()
      // Files that a task starts from are part of what its conversation is about.
      const named = `${folder.base ?? ''} ${conversation}`
      name = named
      unread = await untilAvailable(() => store.unread(keeper.planId, keeper.taskId), signal)
      if (keeper.attempt === 1) return { steps: [], retried: false }
      const begin = (again: boolean) =>
        untilAvailable(() => store.resume(keeper, named, { anew: again }), signal)
      let found = await begin(anew)
      if (found.status === 'resumed' && found.files !== undefined) {
        const isRestored = await folder.restore(found.files).catch((error: unknown) => {
          signal.throwIfAborted()
          options.onFault(error)
          throw new TransientError('The files of the task could not be put back.', {
            code: 'workspace-error',
          })
        })
        if (!isRestored) found = await begin(true)
      }
      if (found.status === 'refused') throw lost()
      number = found.last
      bytes = found.bytes
      if (found.status === 'anew') return { steps: [], retried: false }
      files = found.files && JSON.stringify(found.files)
      for (const { number: step, results: kept } of found.steps) {
        if (kept !== undefined) remember(step, kept, JSON.stringify(kept))
      }
      answer = found.steps.at(-1)
      options.onResumed(saidIn(found.steps))
      return { steps: found.steps, retried: found.retried }
    },

    async keepAnswer(given, { ms, isLast }) {
      if (isOver) return
      number += 1
      answer = given
      await keep({
        part: 'answer',
        ms,
        isComplete: isLast,
        event: eventOf(given, []),
        body: JSON.stringify(given),
      })
    },

    async keepResults(given, { changedFiles }) {
      if (isOver) return
      const changed = changedFiles ? await snapshot() : undefined
      if (isOver) return
      const body = JSON.stringify(given)
      const event = answer === undefined ? {} : eventOf(answer, given)
      await keep({ part: 'results', ms: 0, isComplete: true, event, body, changed })
      remember(number, given, body)
    },

    async readMessages() {
      const read: StepAnswer[] = []
      while (!isOver && unread[0] !== undefined) {
        const [{ id, text }] = unread
        const said = messageStep(text)
        number += 1
        await keep({
          part: 'answer',
          ms: 0,
          isComplete: true,
          event: { kind: 'message', model: '', tools: [], errors: 0 },
          body: JSON.stringify(said),
          message: id,
        })
        if (!isOver) read.push(said)
      }
      return read
    },

    isAddressed: () => !isOver && unread.length > 0,

    checkpoint() {
      if (isOver || !options.stopping.aborted) return
      throw new AttemptAborted('shutdown', 'The worker is shutting down.')
    },
  }

  /** The files as they are now, where that is not as they were kept. */
  async function snapshot(): Promise<string | undefined> {
    const { edits, problem } = await options.folder().snapshot()
    if (problem !== undefined) {
      isOver = true
      return undefined
    }
    const now = edits === undefined ? 'null' : JSON.stringify(edits)
    return now === (files ?? 'null') ? undefined : now
  }
}

function shortened(result: ToolResult): ToolResult {
  if (result.shortened !== undefined || result.error !== undefined) return result
  const text = typeof result.result === 'string' ? result.result : JSON.stringify(result.result)
  if (text === undefined || text.length <= SHORTENED_CHARS) return result
  const head = shorten(text, SHORTENED_CHARS)
  return {
    id: result.id,
    result: `${head}\n[shortened: the first ${head.length} of ${text.length} characters are kept]`,
    shortened: text.length,
  }
}

function messageStep(text: string): StepAnswer {
  return {
    kind: 'message',
    model: '',
    parts: [{ type: 'text-delta', delta: text }],
    usage: NO_USAGE,
  }
}

/** Small: no text of the model or of a tool. */
function eventOf(answer: StepAnswer, results: readonly ToolResult[]): Record<string, unknown> {
  const tools = [...new Set(toolCallsOf(answer).map(({ toolName = '' }) => toolName))]
  const errors = results.filter(({ error }) => error !== undefined).length
  return { kind: 'model', model: answer.model, tools, errors }
}
