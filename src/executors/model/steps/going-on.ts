import type { KeptStep, ResumedSteps, StepLog } from '../../../core/ports/steps.ts'

/** For an attempt whose steps are not stored. */
export const NOT_KEPT: StepLog = {
  resume: async () => ({ steps: [], retried: false }),
  keepAnswer: async () => {},
  keepResults: async () => {},
  readMessages: async () => [],
  isAddressed: () => false,
  checkpoint() {},
}

/**
 * The steps that a conversation continues from. An answer that was cut off for lack of money is left
 * out, and so requested again, once a later step exists or the task is retried.
 */
export function goingOn({ steps, retried }: ResumedSteps): KeptStep[] {
  return steps.filter(
    ({ cut }, index) => cut === undefined || (index === steps.length - 1 && !retried),
  )
}
