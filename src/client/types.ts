import type { FinishedPlan, Plan, SubmitPlan } from './schema.ts'

// The names under which callers know the shapes of the API.

/** What `plans.submit` takes. */
export type PlanSubmission = SubmitPlan

/** What `syntheses.create` takes. */
export type SynthesisRequest = Exclude<NonNullable<SubmitPlan['synthesis']>, false>

/** A plan that was waited for: its synthesis in full where it has one. */
export type AwaitedPlan = Plan | FinishedPlan
