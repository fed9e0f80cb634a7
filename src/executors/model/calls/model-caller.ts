import type { Allowance } from '../../../core/budget/allowance.ts'
import { atHalfPrice, costOf, type Prices } from '../../../core/budget/prices.ts'
import type { Failure } from '../../../core/contract/errors.ts'
import { addUsage, NO_USAGE, type Usage } from '../../../core/contract/usage.ts'
import type { ModelGate } from '../../../core/model-gate/gate.ts'
import type { PrefixGate, PrefixTurn } from '../../../core/model-gate/prefix-gate.ts'
import type { Tracer } from '../../../core/ports/tracing.ts'
import { backoff } from '../../../core/timing/backoff.ts'
import { pause } from '../../../core/timing/pause.ts'
import type { ProviderModel } from '../models.ts'
import type { ModelLog } from '../options.ts'
import { type FinishPart, isCut, isEnd, type Part, withMeantEnd } from './answer-parts.ts'
import { type CallFailure, errorOf, failureOf, unusable } from './call-failure.ts'
import { type CallFunds, callFunds, cutByBudget, isExhausted } from './call-funds.ts'
import { withLength } from './call-length.ts'
import { answerAttributes, callSpan } from './call-span.ts'
import { fitted } from './fitted-call.ts'
import { outputLimits } from './output-limits.ts'
import { withCacheBreakpoint } from './prompt-cache.ts'
import type { RelaxedCalls } from './relaxed.ts'
import { withMeantInputs } from './tool-inputs.ts'

type CallOptions = Parameters<ProviderModel['doStream']>[0]

/** One of the models that may answer, the preferred one first. */
export interface Candidate {
  /** `provider:model`. */
  name: string
  provider: string
  model: ProviderModel
}

export interface CallerOptions {
  candidates: [Candidate, ...Candidate[]]
  gate: ModelGate
  /** For a long prefix shared with other calls: its key, without the model. */
  prefix?: { gate: PrefixGate; key: string } | undefined
  signal: AbortSignal
  prices: Prices
  /** Records each call, but never its content. */
  tracer: Tracer
  /** What the budget leaves, if the plan has one. */
  allowance?: Allowance | undefined
  /** Given if calls may take hours: they go out in batches, at half the price. */
  relaxed?: RelaxedCalls | undefined
  /** The schema for the answers, requested in whatever way the provider supports. */
  schema?: Record<string, unknown> | undefined
  log: ModelLog
  /** Tokens of the context at the start of the first message, reported if a call is too long. */
  sharedTokens?: number | undefined
  /** Ids that are logged with every event. */
  about: object
  onText(text: string): void
  /** The usage of all calls so far, and which of the candidates answered last. */
  onUsage(usage: Usage, answeredBy: string): void
  /** Why a call is waiting; `undefined` once it has begun. */
  onHeldBack?: ((why: string | undefined) => void) | undefined
  random?: () => number
}

/** A language model that waits its turn, retries, and keeps track of its cost. */
export interface ModelCaller {
  model: ProviderModel
  usage(): Usage
  /** `provider:model` of the model that answered last, or would be asked next. */
  answeredBy(): string
  /** Why the last call was given up. */
  failure(): Error | undefined
  /** An answer of an earlier attempt, by this candidate, has taken the place of a call. */
  goOnAfter(name: string): void
  /** Set where the last answer was cut off at a limit that the budget had lowered. */
  cutByBudget(): Failure | undefined
}

/**
 * Calls in a conversation with progress to lose are retried here; a first call is left to the
 * queue.
 */
const RETRIES_WITHIN = 4
const RETRIES_BEFORE_FALLBACK = 2
/** After this many consecutive overloads, a fallback model is asked, if there is one. */
const OVERLOADS_BEFORE_FALLBACK = 3
/** If a rate limit asks for a longer pause, a fallback model is asked, if there is one. */
const LONG_HOLD_MS = 60_000
/**
 * No model writes this many characters at once; a server that never stops would fill the memory.
 */
const LONGEST_ANSWER = 10_000_000

/**
 * Wraps models for one attempt at a task. A call either completes or has no effect: its parts are
 * passed on only once the last one has arrived, so that a broken stream can be requested again
 * without running a tool twice. Text goes to `onText` as it arrives.
 */
export function createModelCaller(options: CallerOptions): ModelCaller {
  const { candidates, gate, signal, prices, tracer, log, random = Math.random } = options
  let current: Candidate = candidates[0]
  let fallbacks = candidates.slice(1)
  let hasBegun = false
  let usage = NO_USAGE
  let failure: Error | undefined
  let hasText = false
  let { schema } = options
  let cut: Failure | undefined
  let isBilled = false
  const funds = callFunds(options)
  const halfPrices = options.relaxed === undefined ? prices : atHalfPrice(prices)
  const goesOn = () => usage.steps > 0 || hasBegun

  async function spend(
    name: string,
    finish: FinishPart,
    steps: number,
    { rates, from }: { rates: Prices; from: CallFunds } = { rates: prices, from: funds },
  ): Promise<void> {
    const { inputTokens: input, outputTokens: output } = finish.usage
    const tokens = {
      inputTokens: input.total ?? 0,
      outputTokens: output.total ?? 0,
      cacheReadTokens: input.cacheRead ?? 0,
      cacheWriteTokens: input.cacheWrite ?? 0,
    }
    const costUsd = costOf(name, tokens, rates)
    usage = addUsage(usage, { ...tokens, steps, costUsd })
    options.onUsage(usage, name)
    await from.reported({ ...tokens, costUsd })
  }

  function say(piece: string, isNew: boolean): void {
    if (isNew && hasText) options.onText('\n\n')
    hasText = true
    options.onText(piece)
  }

  /** Reads one answer to its end. */
  async function read(call: CallOptions, turn: PrefixTurn | undefined): Promise<Part[]> {
    const { stream } = await current.model.doStream({ ...call, abortSignal: signal })
    const parts: Part[] = []
    let isNewText = true
    let finish: FinishPart | undefined
    let length = 0
    for await (const part of stream) {
      parts.push(part)
      if ('delta' in part) length += part.delta.length
      if (length > LONGEST_ANSWER) throw new BrokenAnswer()
      if (part.type === 'error') throw part.error
      if (part.type === 'finish') finish = part
      if (/-(start|delta)$/.test(part.type) && part.type !== 'stream-start') {
        if (!isBilled) options.onHeldBack?.(undefined)
        isBilled = true
        turn?.warm()
      }
      if (part.type === 'text-delta' && part.delta !== '') {
        say(part.delta, isNewText)
        isNewText = false
      }
    }
    const isWhole = finish !== undefined && isEnd(finish)
    if (finish !== undefined) await spend(current.name, finish, isWhole ? 1 : 0)
    if (!isWhole) throw new BrokenAnswer()
    turn?.warm()
    return parts
  }

  /** The answer that comes back in a batch; `undefined` if the call has to be made live. */
  async function answerInBatch(request: CallOptions): Promise<Part[] | undefined> {
    const { relaxed } = options
    if (relaxed === undefined) return undefined
    const from = callFunds({ ...options, prices: halfPrices, isTogether: true })
    const { name } = current
    try {
      const parts = await relaxed.ask(name, request, (call) => from.cover(name, call))
      const finish = parts?.find((part) => part.type === 'finish')
      if (parts === undefined || finish === undefined || !isEnd(finish)) return undefined
      await spend(name, finish, 1, { rates: halfPrices, from })
      const text = parts.map((part) => (part.type === 'text-delta' ? part.delta : '')).join('')
      if (text !== '') say(text, true)
      const limit = from.lowered()
      if (limit !== undefined && isCut(parts)) cut = cutByBudget(limit)
      return parts
    } catch (error) {
      if (error instanceof Error) failure = error
      throw error
    } finally {
      await from.close()
    }
  }

  const limits = outputLimits()

  /** The provider's response to the previous call, if it was refused. */
  let refusal: string | undefined

  /** One call, through the gate. */
  async function once(call: CallOptions): Promise<Part[] | CallFailure> {
    const first = goesOn() ? undefined : options.prefix
    const turn = await first?.gate.enter(`${current.name} ${first.key}`, signal)
    options.onHeldBack?.(refusal ?? `It waited for its turn to call ${current.name}.`)
    const permit = await gate.acquire(current.name, signal).catch((error: unknown) => {
      turn?.giveUp()
      throw error
    })
    options.onHeldBack?.(`${current.name} had not begun to answer.`)
    turn?.began()
    isBilled = false
    const answer = await tracer.span(callSpan(current.name, call), async (span) => {
      try {
        const parts = await read(call, turn)
        span.set(answerAttributes(parts))
        return parts
      } catch (error) {
        const failed =
          error instanceof BrokenAnswer
            ? unusable(current.provider)
            : failureOf(error, current.provider)
        span.set({ 'http.response.status_code': failed.status })
        span.fail(signal.aborted ? 'aborted' : failed.code)
        return failed
      }
    })
    options.onHeldBack?.(undefined)
    if (Array.isArray(answer)) {
      refusal = undefined
      await permit.release({ status: 'ok' })
      return answer
    }
    turn?.giveUp()
    const { kind, retryAfterMs } = answer
    const isRefusal = (kind === 'rate-limited' || kind === 'overloaded') && !signal.aborted
    refusal = isRefusal ? refusalOf(answer) : undefined
    await permit.release({ status: isRefusal ? kind : 'failed', retryAfterMs })
    // A call that was sent without a response may have been billed too.
    if (isBilled || signal.aborted) await funds.unknown()
    signal.throwIfAborted()
    return answer
  }

  /** Returns true if another model is to be asked from now on. */
  function fallBack(failed: CallFailure): boolean {
    const next = failed.elsewhere ? fallbacks.shift() : undefined
    if (next === undefined) return false
    const { code } = failed
    log.warn({ ...options.about, from: current.name, to: next.name, code }, 'model fell back')
    current = next
    return true
  }

  async function call(asked: CallOptions): Promise<Part[]> {
    cut = undefined
    try {
      return await answerOf(asked)
    } catch (error) {
      if (isExhausted(error)) failure = error
      throw error
    } finally {
      await funds.close()
    }
  }

  async function answerOf(asked: CallOptions): Promise<Part[]> {
    let retries = 0
    let overloads = 0
    let cutOff: Part[] | undefined
    let isFirst = true
    while (true) {
      const request = limits.within(current.name, fitted(asked, schema, current.provider))
      const marked = withCacheBreakpoint(request, goesOn())
      const back = isFirst ? await answerInBatch(marked) : undefined
      if (back !== undefined) return back
      isFirst = false
      const covered = await funds.cover(current.name, marked).catch((error: unknown) => {
        if (cutOff === undefined || !isExhausted(error)) throw error
      })
      if (covered === undefined) return cutOff ?? []
      const result = await once(covered)
      if (Array.isArray(result)) {
        const limit = funds.lowered()
        cut = limit === undefined || !isCut(result) ? undefined : cutByBudget(limit)
        if (cut === undefined) return result
        // Try again with a higher limit, if there is money for that.
        cutOff = result
        funds.raise()
        continue
      }
      const { name: model } = current
      const { code, status } = result
      log.info({ ...options.about, model, code, status }, 'model call failed')
      switch (result.kind) {
        case 'rate-limited':
          // The gate decides when. That may take as long as the task has left, unless a fallback
          // can answer.
          if ((result.retryAfterMs ?? 0) > LONG_HOLD_MS) fallBack(result)
          continue
        case 'overloaded':
          overloads += 1
          if (overloads >= OVERLOADS_BEFORE_FALLBACK && fallBack(result)) overloads = 0
          continue
        case 'transient': {
          if (retries < retriesAllowed()) {
            await pause(Math.max(result.retryAfterMs ?? 0, backoff(retries, random)), signal)
            signal.throwIfAborted()
            retries += 1
            continue
          }
          if (fallBack(result)) {
            retries = 0
            continue
          }
          break
        }
        case 'permanent':
          // Not every server supports every way to request JSON, and the prompt asks for it too.
          if (result.code === 'provider-rejected' && request.responseFormat?.type === 'json') {
            schema = undefined
            continue
          }
          if (limits.learn(current.name, result, covered.maxOutputTokens)) continue
          if (fallBack(result)) continue
          break
      }
      if (cutOff !== undefined) return cutOff
      failure = errorOf(withLength(result, request, options.sharedTokens))
      throw failure
    }
  }

  function retriesAllowed(): number {
    if (goesOn()) return RETRIES_WITHIN
    return fallbacks.length > 0 ? RETRIES_BEFORE_FALLBACK : 0
  }

  const { model } = current
  return {
    model: {
      specificationVersion: 'v4',
      provider: model.provider,
      modelId: model.modelId,
      supportedUrls: {},
      doGenerate: () => Promise.reject(new Error('answers are streamed')),
      async doStream(asked) {
        const parts = withMeantInputs(withMeantEnd(await call(asked)), asked.tools)
        return { stream: ReadableStream.from(parts) }
      },
    },
    usage: () => usage,
    answeredBy: () => current.name,
    failure: () => failure,
    goOnAfter(name) {
      hasBegun = true
      const at = candidates.findIndex((candidate) => candidate.name === name)
      const found = candidates[at]
      if (found === undefined || found === current) return
      current = found
      fallbacks = candidates.slice(at + 1)
    },
    cutByBudget: () => cut,
  }
}

function refusalOf({ message, retryAfterMs }: CallFailure): string {
  if (retryAfterMs === undefined) return message
  return `${message} It asked to wait ${Math.ceil(retryAfterMs / 1_000)} s.`
}

class BrokenAnswer extends Error {}
