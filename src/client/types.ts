import type { FinishedPlan, Plan, SubmitPlan } from './schema.ts'

// Callers' names for the shapes of the API.

/** Where the tasks of a plan come from; exactly one is given. */
type Source = 'tasks' | 'pattern' | 'goal'

/** A submission with one source, which is required, and without the others. */
type From<S extends Source> = Required<Pick<SubmitPlan, S>> &
  Partial<Record<Exclude<Source, S>, undefined>>

/** What `plans.submit` takes: a plan with `tasks`, a `pattern` or a `goal`. */
export type PlanSubmission = Omit<SubmitPlan, Source> &
  (From<'tasks'> | From<'pattern'> | From<'goal'>)

/** What `syntheses.create` takes. */
export type SynthesisRequest = Exclude<NonNullable<SubmitPlan['synthesis']>, false>

/** A plan that was waited for, with its complete synthesis if it has one. */
export type AwaitedPlan = Plan | FinishedPlan
