import { type Allowance, isParking } from '../budget/allowance.ts'
import { type Failure, PermanentError, TransientError } from '../contract/errors.ts'
import type { Finding } from '../contract/findings.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import { boundedUsage, NO_USAGE, type Usage } from '../contract/usage.ts'
import { withoutReasoning } from '../findings/reasoning.ts'
import type {
  CoreTimes,
  ExecutionContext,
  ExecutionOutcome,
  ExecutionRequest,
  Executor,
  RelaxedTime,
  TaskOutput,
} from '../ports/executor.ts'
import type { StepLog } from '../ports/steps.ts'
import type { AttemptEnd } from '../ports/task-life.ts'
import { shorten } from '../text/shorten.ts'
import { backoff } from '../timing/backoff.ts'
import { AttemptAborted } from './running-tasks.ts'

/** How long an executor may take after an abort before its attempt is ended without it. */
const SETTLE_MS = 5_000

/** How much partial text, in characters, is kept of an attempt that did not succeed. */
const KEPT_TEXT = 1_000_000

/** What the store records about an attempt, minus the fields that identify it. */
export type AttemptResult = Omit<AttemptEnd, 'planId' | 'taskId' | 'attempt' | 'token'> &
  /** Removed once it is known whether files were edited. */
  Pick<Extract<ExecutionOutcome, { status: 'incomplete' }>, 'unlessEdited'>

/**
 * Runs one attempt and returns how it ended. Never throws: an executor's errors become failures,
 * and `onFault` gets those that no executor should throw.
 */
export async function runAttempt(options: AttemptOptions): Promise<AttemptResult> {
  let answeredBy: string | undefined
  let stderr: string | undefined
  let coreTimes: CoreTimes | undefined
  const result = await attemptOnce(options, {
    onAnswer(name) {
      answeredBy = name ?? answeredBy
    },
    onStderr(text) {
      stderr = text
    },
    onCoreTimes({ ranMs, waitedMs, cores }) {
      const before = coreTimes ?? { ranMs: 0, waitedMs: 0 }
      coreTimes = { ranMs: before.ranMs + ranMs, waitedMs: before.waitedMs + waitedMs, cores }
    },
  })
  return {
    ...result,
    ...(answeredBy === undefined ? {} : { answeredBy }),
    ...(coreTimes === undefined ? {} : { coreTimes }),
    // A task that will be retried has no output yet.
    ...(stderr === undefined || result.status === 'queued'
      ? {}
      : { output: { ...(result.output ?? { text: '' }), stderr } }),
  }
}

interface AttemptOptions {
  executor: Executor
  spec: Pick<TaskSpec, 'timeoutMs' | 'attempts'>
  /** Prepares the executor's request, including files; its errors end the attempt too. */
  prepare: (signal: AbortSignal) => Promise<ExecutionRequest>
  /** Aborts with an `AttemptAborted` if the task is cancelled or this process has to give it up. */
  signal: AbortSignal
  /** Attempts that failed before this one. */
  spent: number
  random: () => number
  findingsIn: (text: string) => Promise<Finding[]>
  allowance: Allowance | undefined
  relaxed?: RelaxedTime | undefined
  onText: (text: string) => void
  onUsage: (usage: Usage) => void
  onFault: (error: unknown) => void
  /** Where an agent's steps are stored. */
  stepsOf?: ((attempt: AttemptSoFar) => StepLog) | undefined
}

/** What keeping its steps needs of an attempt. */
export interface AttemptSoFar {
  signal: AbortSignal
  usage(): Usage
  /** The text of the steps that it continues from. */
  onResumed(text: string): void
}

async function attemptOnce(
  options: AttemptOptions,
  heard: Required<Pick<ExecutionContext, 'onStderr' | 'onCoreTimes'>> & {
    onAnswer: (answeredBy: string | undefined) => void
  },
): Promise<AttemptResult> {
  const { executor, spent } = options
  const { timeoutMs, attempts } = options.spec
  // Each attempt has a time limit of its own; anything else that aborts it concerns the task.
  const limit = new AbortController()
  const signal = AbortSignal.any([options.signal, limit.signal])
  let usage: Usage = NO_USAGE
  let text = ''
  let isOver = false
  let heldBack: string | undefined
  const timer = stoppableTimer(timeoutMs, () => {
    const why = heldBack === undefined ? '' : ` ${heldBack}`
    limit.abort(new AttemptAborted('timeout', `It ran longer than ${timeoutMs} ms.${why}`))
  })
  const context: ExecutionContext = {
    signal,
    onText(piece) {
      // Ignores text from an executor that did not respect its abort.
      if (isOver) return
      if (text.length < KEPT_TEXT) text += piece
      options.onText(piece)
    },
    onUsage(latest, answeredBy) {
      usage = boundedUsage(latest)
      heard.onAnswer(answeredBy)
      options.onUsage(usage)
    },
    onStderr: heard.onStderr,
    onCoreTimes: heard.onCoreTimes,
    onHeldBack(why) {
      heldBack = why
    },
    allowance: options.allowance,
    relaxed: options.relaxed && {
      ...options.relaxed,
      aside: untimed(options.relaxed.aside, timer, () => isOver),
    },
    steps: options.stepsOf?.({
      signal,
      usage: () => usage,
      onResumed(before) {
        text = shorten(before, KEPT_TEXT)
      },
    }),
  }
  async function run(): Promise<ExecutionOutcome> {
    signal.throwIfAborted()
    const request = await options.prepare(signal)
    signal.throwIfAborted()
    return executor.execute(request, context)
  }
  try {
    return await ended(await settled(run(), signal), options.findingsIn)
  } catch (error) {
    const partial: TaskOutput | undefined = text === '' ? undefined : { text }
    const again = spent + 1 < attempts
    const failed = (
      failure: Failure,
      outcome: 'failed' | 'timed-out',
      retryInMs: number | undefined,
    ): AttemptResult =>
      again && retryInMs !== undefined
        ? { status: 'queued', outcome, spends: true, error: failure, usage, retryInMs }
        : { status: 'failed', outcome, spends: true, error: failure, usage, output: partial }

    const reason: unknown = signal.aborted ? signal.reason : error
    if (reason instanceof AttemptAborted) {
      const failure = { code: reason.kind, message: reason.message }
      switch (reason.kind) {
        case 'timeout':
          return failed(failure, 'timed-out', backoff(spent, options.random))
        case 'cancelled':
          return {
            status: 'cancelled',
            outcome: 'cancelled',
            spends: false,
            error: failure,
            usage,
            output: partial,
          }
        case 'shutdown':
        case 'lost':
          return { status: 'queued', outcome: 'interrupted', spends: false, usage }
      }
    }
    if (error instanceof TransientError) {
      const failure = { code: error.code, message: error.message }
      // A pause is never longer than an attempt may take.
      const asked = Math.min(timeoutMs, Math.ceil(error.retryAfterMs ?? 0) || 0)
      const pause = Math.max(backoff(spent, options.random), asked)
      return failed(failure, 'failed', pause)
    }
    if (error instanceof PermanentError && isParking(error.code)) {
      const failure = { code: error.code, message: error.message }
      // An attempt that could not even start is skipped, as are those queued behind it.
      const status = usage.steps === 0 && partial === undefined ? 'skipped' : 'incomplete'
      return {
        status,
        outcome: 'incomplete',
        spends: false,
        error: failure,
        usage,
        output: partial,
      }
    }
    if (error instanceof PermanentError) {
      return failed({ code: error.code, message: error.message }, 'failed', undefined)
    }
    options.onFault(error)
    const failure = { code: 'executor-error', message: 'The executor failed unexpectedly.' }
    return failed(failure, 'failed', undefined)
  } finally {
    isOver = true
    timer.stop()
  }
}

async function ended(
  outcome: ExecutionOutcome,
  findingsIn: AttemptOptions['findingsIn'],
): Promise<AttemptResult> {
  const { status } = outcome
  const usage = boundedUsage(outcome.usage)
  let { output } = outcome
  try {
    output = await readOutput(outcome.output, findingsIn)
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error
    // Keep what was paid for, so that somebody can look at it.
    return { ...failure({ code: error.code, message: error.message }), usage, output }
  }
  if (status === 'succeeded') return { status, outcome: status, spends: false, usage, output }
  const { reason: error, unlessEdited } = outcome
  const result: AttemptResult = { status, outcome: status, spends: true, error, usage, output }
  return unlessEdited === undefined ? result : { ...result, unlessEdited }
}

/** A failed attempt that counts and is not retried. */
export function failure(error: Failure): AttemptResult {
  return { status: 'failed', outcome: 'failed', spends: true, error }
}

/**
 * Findings are stored as data from the start, extracted from the text if necessary. A model's
 * reasoning is kept separately: it is not part of the answer, and dependent tasks should not read
 * it.
 */
async function readOutput(
  whole: TaskOutput,
  findingsIn: AttemptOptions['findingsIn'],
): Promise<TaskOutput> {
  const { text, reasoning } = withoutReasoning(whole.text)
  const thoughts = [whole.reasoning, reasoning].filter((thought) => thought !== undefined)
  const output =
    reasoning === undefined ? whole : { ...whole, text, reasoning: thoughts.join('\n\n') }
  if (output.findings !== undefined) return output
  const findings = await findingsIn(output.text)
  return findings.length === 0 ? output : { ...output, findings }
}

/** Time spent aside does not count towards the limit. */
function untimed(
  aside: RelaxedTime['aside'],
  timer: ReturnType<typeof stoppableTimer>,
  isOver: () => boolean,
): RelaxedTime['aside'] {
  return async (wait) => {
    timer.stop()
    try {
      return await aside(wait)
    } finally {
      if (!isOver()) timer.go()
    }
  }
}

/** A timer that does not count the time while it is stopped; it starts by itself. */
function stoppableTimer(ms: number, onTime: () => void): { stop(): void; go(): void } {
  let left = ms
  let since = performance.now()
  let timer = setTimeout(onTime, left)
  return {
    stop() {
      clearTimeout(timer)
      left -= performance.now() - since
    },
    go() {
      since = performance.now()
      timer = setTimeout(onTime, Math.max(0, left))
    },
  }
}

/** The result, or a rejection some time after an abort that the executor ignored. */
function settled<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const onAbort = () => {
      timer = setTimeout(() => reject(new Error('the executor did not stop')), SETTLE_MS)
    }
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    result.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort)
      clearTimeout(timer)
    })
  })
}
