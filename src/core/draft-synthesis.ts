import { type Allowance, BUDGET_EXHAUSTED } from './budget/allowance.ts'
import { TransientError } from './errors.ts'
import type { ModelSynthesizer, SynthesisDraft, SynthesisInput, TaskResult } from './ports.ts'
import type { PlanRecord } from './stored.ts'
import type { SynthesisSpec } from './submission.ts'
import { combineDrafts } from './synthesis/combine-drafts.ts'
import { groupResults } from './synthesis/group-results.ts'
import { mergeFindings } from './synthesis/merge-findings.ts'
import type { UsageTally } from './usage.ts'

export interface DraftDeps {
  /** Absent where no model is configured. */
  model: ModelSynthesizer | undefined
  pause: (ms: number, signal: AbortSignal) => Promise<void>
  /** The model failed and the merge answers instead, and the like; for the log. */
  onFault: (error: unknown, planId: string) => void
}

/** A synthesis as it was written, not yet checked. */
export interface Written {
  draft: SynthesisDraft
  executor: 'model' | 'merge'
  notes: string[]
}

/** What a synthesis may use, and how it ends. */
export interface Means {
  usage: UsageTally
  allowance: Allowance | undefined
  signal: AbortSignal
}

/** Tokens of results that one call of a model is given; more go to it in parts, side by side. */
const PART_TOKENS = 80_000
const PARTS_AT_ONCE = 8
const MODEL_TRIES = 3
const MODEL_TIMEOUT_MS = 10 * 60_000
const NO_MONEY =
  'The budget of the plan leaves no money for a model, so this is the deterministic merge.'

/**
 * Has the model write the synthesis, or where there is none, or it fails, merges the findings. What is
 * too much for one call is written in parts and combined, every finding accounted for on the way.
 * `stopped`: `signal` aborted. `usage` has every call in it, failed ones too.
 */
export async function draftSynthesis(
  deps: DraftDeps,
  plan: PlanRecord,
  input: SynthesisInput,
  options: SynthesisSpec,
  { usage, allowance, signal }: Means,
): Promise<Written | 'stopped'> {
  const merged = (...notes: string[]): Written => ({
    draft: { ...mergeFindings(input.results), usage: usage.total() },
    executor: 'merge',
    notes,
  })
  const { model } = deps
  if (model === undefined || options.executor === 'merge') return merged()
  if (!input.results.some((result) => result.text !== '' || result.findings.length > 0)) {
    return merged('No task produced anything, so no model was asked.')
  }
  if (plan.stop?.code === 'cancelled') {
    return merged('The plan was stopped, so no model was asked: this is the deterministic merge.')
  }
  if (plan.stop?.code === BUDGET_EXHAUSTED) return merged(NO_MONEY)
  const parts = groupResults(input.results, PART_TOKENS)
  const ask = (results: TaskResult[]) =>
    askModel(deps, model, plan.spec.id, { ...input, results }, options, {
      usage,
      allowance,
      signal,
    })
  const answers = await inTurn(parts, PARTS_AT_ONCE, ask)
  if (signal.aborted) return 'stopped'
  const failed = answers.filter((answer) => 'failure' in answer)
  const drafts = answers.map((answer, index) =>
    'failure' in answer ? mergeFindings(parts[index] ?? []) : answer.draft,
  )
  const [failure] = failed
  if (failure !== undefined && failed.length === answers.length) {
    if (failure.failure === BUDGET_EXHAUSTED) return merged(NO_MONEY)
    return merged(
      `The model did not write a usable synthesis (${failure.failure}), so this is the deterministic merge.`,
    )
  }
  const notes: string[] = []
  if (answers.length > 1) {
    notes.push(`Written in ${answers.length} parts, because it is more than one call can hold.`)
  }
  if (failed.length > 0) {
    notes.push(`The model failed at ${failed.length} of them; those are the deterministic merge.`)
  }
  const draft = { ...combineDrafts(drafts, input.results), usage: usage.total() }
  const [only] = drafts
  if (drafts.length > 1 && input.outputSchema !== undefined) {
    notes.push('Its `outputSchema` was not used: data of several parts cannot be made one.')
  }
  const wrote = answers.length === 1 ? only?.model : (options.model ?? drafts[0]?.model)
  return {
    draft: wrote === undefined ? draft : { ...draft, model: wrote },
    executor: 'model',
    notes,
  }
}

async function askModel(
  deps: DraftDeps,
  model: ModelSynthesizer,
  planId: string,
  input: SynthesisInput,
  options: SynthesisSpec,
  { usage, allowance, signal }: Means,
): Promise<{ draft: SynthesisDraft } | { failure: string }> {
  let last = 'unknown'
  for (let attempt = 1; attempt <= MODEL_TRIES && !signal.aborted; attempt += 1) {
    const timeout = AbortSignal.timeout(MODEL_TIMEOUT_MS)
    try {
      const draft = await model.synthesize(input, {
        model: options.model,
        signal: AbortSignal.any([signal, timeout]),
        onUsage: usage.meter(),
        allowance,
      })
      return { draft }
    } catch (error) {
      if (signal.aborted) break
      deps.onFault(error, planId)
      last = timeout.aborted ? 'timeout' : codeOf(error)
      if (!(error instanceof TransientError)) break
      if (attempt < MODEL_TRIES) {
        await deps.pause(Math.min(error.retryAfterMs ?? 1_000 * attempt, 60_000), signal)
      }
    }
  }
  return { failure: last }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'model-error'
}

/** All of them, so many at once; the answers in the order of the questions. */
async function inTurn<Question, Answer>(
  questions: readonly Question[],
  atOnce: number,
  ask: (question: Question) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < questions.length) {
      const index = next
      next += 1
      const question = questions[index]
      if (question !== undefined) answers[index] = await ask(question)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, questions.length) }, lane))
  return answers
}
