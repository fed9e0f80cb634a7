import { isUnavailable, TransientError } from '../contract/errors.ts'
import { NO_USAGE, type Usage } from '../contract/usage.ts'
import type { PersonsMessage, StepKeeper, StepStore } from '../ports/step-store.ts'
import type { StepAnswer, StepLog, ToolResult } from '../ports/steps.ts'
import { saidIn, toolCallsOf } from '../read/step-views.ts'
import { shorten } from '../text/shorten.ts'
import type { AttemptFolder } from './attempt-folder.ts'
import { AttemptAborted } from './running-tasks.ts'
import { untilAvailable } from './until-available.ts'

/** The most stored for one task, in bytes: its steps and its edits. */
const MOST_BYTES = 8 * 1024 * 1024
/** The length to which a result is shortened if space runs out. */
const SHORTENED_CHARS = 1_000

export interface StepLogOptions {
  store: StepStore
  keeper: StepKeeper
  folder: () => Pick<AttemptFolder, 'base' | 'snapshot' | 'restore'>
  /** Aborts when the attempt must end. */
  signal: AbortSignal
  /** Aborts when the process shuts down. */
  stopping: AbortSignal
  /** The usage of the attempt so far. */
  usage: () => Usage
  /** Called with the text of the earlier steps if they are resumed. */
  onResumed: (text: string) => void
  onFault: (error: unknown) => void
  mostBytes?: number
}

export interface KeepingLog extends StepLog {
  /** Whether a call's usage is stored atomically with its answer; if neither is stored, it was in flight. */
  countsUsage(): boolean
}

export function stepLog(options: StepLogOptions): KeepingLog {
  const { store, keeper, signal, mostBytes = MOST_BYTES } = options
  const encoder = new TextEncoder()
  let name: string | undefined
  let number = 0
  let bytes = 0
  let files: string | undefined
  /** Results in this conversation, by step; they are shortened if space runs out. */
  const results = new Map<number, { kept: ToolResult[]; size: number }>()
  let answer: StepAnswer | undefined
  let unread: PersonsMessage[] = []
  /** Nothing more of this attempt can be stored; the next one continues from what was stored before. */
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
      // Without this step, a later attempt repeats one call; failing the attempt would repeat all of them.
      options.onFault(error)
      isOver = true
    }
  }

  /** Shortens the oldest results to save `excess` bytes; `undefined` if that is not enough. */
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
      // The conversation also depends on the files that the task starts from.
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

  /** JSON of the current edits; `undefined` if they are already stored or cannot be. */
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

/** Small: it contains no text of the model or of a tool. */
function eventOf(answer: StepAnswer, results: readonly ToolResult[]): Record<string, unknown> {
  const tools = [...new Set(toolCallsOf(answer).map(({ toolName = '' }) => toolName))]
  const errors = results.filter(({ error }) => error !== undefined).length
  return { kind: 'model', model: answer.model, tools, errors }
}
