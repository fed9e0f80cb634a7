import type { z } from 'zod'
import type { Allowance } from '../../core/budget/allowance.ts'
import { PermanentError, TransientError } from '../../core/contract/errors.ts'
import type { Usage } from '../../core/contract/usage.ts'
import { withoutReasoning } from '../../core/findings/reasoning.ts'
import { jsonTexts } from '../output/json-text.ts'
import { callSettings, candidatesFor, type ResolvedSetup } from './call-settings.ts'
import { createModelCaller } from './calls/model-caller.ts'
import { modelProblem } from './models.ts'
import type { Relaxed } from './provider-batches/lane.ts'
import { openRelaxed } from './provider-batches/open-relaxed.ts'

interface Question {
  instructions: string
  prompt: string
  /** `provider:model`; the default model if undefined. */
  model: string | undefined
  signal: AbortSignal
  onUsage: (usage: Usage) => void
  allowance?: Allowance | undefined
  maxOutputTokens?: number | undefined
  relaxed?: Omit<Relaxed, 'lane'> | undefined
  /** Ids that are logged with every event. */
  about?: object
}

export interface StructuredRequest<T> extends Question {
  /** What the answer is checked with. */
  schema: z.ZodType<T>
  /** The same schema, for the model. */
  jsonSchema: Record<string, unknown>
}

/**
 * Asks a model one question whose answer is data.
 *
 * @throws {TransientError} `invalid-output` if the answer does not match; otherwise as `askForText`
 * does.
 * @throws {PermanentError} As `askForText` does.
 */
export async function askForData<T>(
  setup: ResolvedSetup,
  request: StructuredRequest<T>,
): Promise<{ value: T; usage: Usage; model: string }> {
  const { schema, jsonSchema, ...question } = request
  const { text, usage, model } = await askForText(setup, question, jsonSchema)
  for (const candidate of jsonTexts(text)) {
    const value = schema.safeParse(withoutNulls(parse(candidate)))
    if (value.success) return { value: value.data, usage, model }
  }
  throw new TransientError("The model's answer is not the data that it was asked for.", {
    code: 'invalid-output',
  })
}

/**
 * Asks a model one question.
 *
 * @throws {TransientError} As the executor does.
 * @throws {PermanentError} `model-not-configured`, `token-limit`, `budget-exhausted`,
 * `content-filter`; otherwise as the executor does.
 */
export async function askForText(
  setup: ResolvedSetup,
  request: Question,
  jsonSchema?: Record<string, unknown>,
): Promise<{ text: string; usage: Usage; model: string }> {
  const { instructions, prompt, signal, onUsage, about = {} } = request
  const { providers, gate, prices, tracer, log } = setup
  signal.throwIfAborted()
  const model = request.model ?? setup.defaultModel
  if (model === undefined || modelProblem(model, providers) !== undefined) {
    throw new PermanentError('model-not-configured', 'The model is not configured here.')
  }
  const candidates = await candidatesFor([model], providers)
  const caller = createModelCaller({
    candidates,
    gate,
    signal,
    prices,
    tracer,
    log,
    about,
    schema: jsonSchema,
    onText: () => {},
    onUsage,
    allowance: request.allowance,
    // Answers are kept until the plan is deleted: only the caller knows when it has stored its own.
    relaxed: await openRelaxed(setup, request.relaxed),
  })
  const { stream } = await caller.model.doStream({
    ...callSettings({ providers, cacheKey: model, maxOutputTokens: request.maxOutputTokens }),
    prompt: [
      { role: 'system', content: instructions },
      { role: 'user', content: [{ type: 'text', text: prompt }] },
    ],
  })
  let text = ''
  let reason: string | undefined
  for await (const part of stream) {
    if (part.type === 'text-delta') text += part.delta
    if (part.type === 'finish') reason = part.finishReason.unified
  }
  if (reason === 'length') {
    const cut = caller.cutByBudget()
    if (cut !== undefined) throw new PermanentError(cut.code, cut.message)
    throw new PermanentError('token-limit', 'The model reached its limit of output tokens.')
  }
  if (reason === 'content-filter') {
    throw new PermanentError('content-filter', 'The provider or the model declined to answer.')
  }
  return { text: withoutReasoning(text).text, usage: caller.usage(), model: caller.answeredBy() }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Models write null for what they leave out. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) =>
      member === null ? [] : [[key, withoutNulls(member)]],
    ),
  )
}
