import { type Allowance, BUDGET_EXHAUSTED, type BudgetStore } from '../budget/allowance.ts'
import type { AllowanceOf } from '../budget/allowances.ts'
import { TransientError } from '../contract/errors.ts'
import type { SynthesisSpec } from '../contract/submission.ts'
import { type UsageTally, usageTally } from '../contract/usage.ts'
import type { PartLimits } from '../merge/group-results.ts'
import type { RelaxedTime } from '../ports/executor.ts'
import type {
  ModelSynthesizer,
  SynthesisDraft,
  SynthesisInput,
  TaskResult,
} from '../ports/models.ts'
import type { SynthesisJob } from '../ports/queue.ts'
import type { PlanRecord } from '../ports/records.ts'

export interface DraftDeps {
  /** Absent if no model is configured. */
  model: ModelSynthesizer | undefined
  pause: (ms: number, signal: AbortSignal) => Promise<void>
  budgets: Pick<BudgetStore, 'count'>
  allowanceOf: AllowanceOf
  /** For the log: for example, the model failed and the merge answers instead. */
  onFault: (error: unknown, planId: string) => void
}

/** A synthesis, or one part of it, while it is being written. */
export interface Writing {
  plan: PlanRecord
  job: SynthesisJob
  options: SynthesisSpec
  /** Aborts when this process is ending, or another one may have taken over the job. */
  signal: AbortSignal
  /** Aborts when the plan is cancelled or deleted. */
  cancelled: AbortSignal
  /** Covers every call, including failed ones. */
  usage: UsageTally
  allowance: Allowance | undefined
  /** Given for a part of a synthesis in a plan that is not urgent. */
  relaxed?: RelaxedTime | undefined
}

/**
 * The results for one model call; larger inputs are split into parts. The answer accounts for every
 * finding, so its size limits their number: this many take about 20,000 tokens.
 */
export const CALL_LIMITS: PartLimits = { tokens: 80_000, findings: 200 }
const MODEL_TRIES = 3
const MODEL_TIMEOUT_MS = 10 * 60_000

/** The failure when the model was not asked because the plan was stopped. */
export const STOPPED = 'stopped'

/** The options of the synthesis: the job's, or else the plan's. */
export function optionsOf(plan: PlanRecord, job: SynthesisJob): SynthesisSpec {
  const own = plan.spec.synthesis === false ? {} : plan.spec.synthesis
  return {
    executor: job.executor ?? own.executor,
    model: job.model ?? own.model,
    instructions: job.instructions ?? own.instructions,
    outputSchema: job.outputSchema ?? own.outputSchema,
  }
}

/** What a writing job may use, counted and reserved in its name. */
export function means(
  deps: DraftDeps,
  { spec }: PlanRecord,
  jobId: string,
): Pick<Writing, 'usage' | 'allowance'> {
  return {
    usage: usageTally((total) => {
      // Not awaited: the end of the job reports it again.
      deps.budgets
        .count(spec.id, { jobId }, total)
        .catch((error: unknown) => deps.onFault(error, spec.id))
    }),
    allowance: deps.allowanceOf(spec, { jobId }),
  }
}

/** Why no model may be asked: the plan was cancelled, or has no money left. */
export function whyNotAsked({ plan: { stop }, job }: Writing): string | undefined {
  if (stop?.code === BUDGET_EXHAUSTED) return BUDGET_EXHAUSTED
  return stop?.code === 'cancelled' && job.afterStop !== true ? STOPPED : undefined
}

/**
 * Has the model write over the results, in up to three attempts. `failure` is a code. `give-back`:
 * this process is ending, so another one must do it.
 */
export async function draftOver(
  deps: DraftDeps & { plans: { context(planId: string): Promise<string> } },
  writing: Writing,
  results: TaskResult[],
  outputSchema: SynthesisInput['outputSchema'],
): Promise<{ draft: SynthesisDraft } | { failure: string } | 'give-back'> {
  const { plan, options, signal, cancelled } = writing
  const { model } = deps
  const failure = whyNotAsked(writing)
  if (failure !== undefined) return { failure }
  if (model === undefined) return { failure: 'model-not-configured' }
  const input: SynthesisInput = {
    title: plan.spec.title,
    context: await deps.plans.context(plan.spec.id),
    instructions: options.instructions,
    outputSchema,
    results,
  }
  const answer = await askModel(deps, model, input, writing)
  if (signal.aborted) return 'give-back'
  return cancelled.aborted ? { failure: STOPPED } : answer
}

async function askModel(
  deps: DraftDeps,
  model: ModelSynthesizer,
  input: SynthesisInput,
  writing: Writing,
): Promise<{ draft: SynthesisDraft } | { failure: string }> {
  const { options, usage, allowance, job } = writing
  const { relaxed } = writing
  const timeoutMs = MODEL_TIMEOUT_MS + (relaxed?.deadlineMs ?? 0)
  const answer = await inTries(deps, writing, timeoutMs, (signal, attempt) =>
    model.synthesize(input, {
      model: options.model,
      signal,
      onUsage: usage.meter(),
      allowance,
      relaxed: relaxed && {
        ...relaxed,
        planId: job.planId,
        // An answer that could not be used is not asked for again.
        caller: `${job.jobId} ${attempt}`,
        aside: (wait) => relaxed.aside(() => wait(signal)),
      },
    }),
  )
  return 'failure' in answer ? answer : { draft: answer.value }
}

/** Asks a model up to three times. `failure` is a code, which means nothing after an abort. */
export async function inTries<T>(
  deps: Pick<DraftDeps, 'pause' | 'onFault'>,
  writing: Pick<Writing, 'plan' | 'signal' | 'cancelled'>,
  timeoutMs: number,
  ask: (signal: AbortSignal, attempt: number) => Promise<T>,
): Promise<{ value: T } | { failure: string }> {
  const signal = AbortSignal.any([writing.signal, writing.cancelled])
  let last = 'unknown'
  for (let attempt = 1; attempt <= MODEL_TRIES && !signal.aborted; attempt += 1) {
    const timeout = AbortSignal.timeout(timeoutMs)
    try {
      return { value: await ask(AbortSignal.any([signal, timeout]), attempt) }
    } catch (error) {
      if (signal.aborted) break
      deps.onFault(error, writing.plan.spec.id)
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
