import type { FinishedPlan, Plan, SubmitPlan } from './schema.ts'

// The names under which callers know the shapes of the API.

/** Where the tasks of a plan come from: exactly one of these is given. */
type Source = 'tasks' | 'pattern' | 'goal'

/** The submission with one source, which it must have, and without the others. */
type From<S extends Source> = Required<Pick<SubmitPlan, S>> &
  Partial<Record<Exclude<Source, S>, undefined>>

/** What `plans.submit` takes: a plan with `tasks`, a `pattern` or a `goal`. */
export type PlanSubmission = Omit<SubmitPlan, Source> &
  (From<'tasks'> | From<'pattern'> | From<'goal'>)

/** What `syntheses.create` takes. */
export type SynthesisRequest = Exclude<NonNullable<SubmitPlan['synthesis']>, false>

/** A plan that was waited for: its synthesis in full where it has one. */
export type AwaitedPlan = Plan | FinishedPlan
