import type { KeptStep, ResumedSteps, StepLog } from '../../../core/ports/steps.ts'

/** For an attempt of which nothing is kept. */
export const NOT_KEPT: StepLog = {
  resume: async () => ({ steps: [], retried: false }),
  keepAnswer: async () => {},
  keepResults: async () => {},
  readMessages: async () => [],
  isAddressed: () => false,
  checkpoint() {},
}

/**
 * The steps that a conversation goes on from. An answer that was cut off for lack of money is asked for
 * again once there is more.
 */
export function goingOn({ steps, retried }: ResumedSteps): KeptStep[] {
  return steps.filter(
    ({ cut }, index) => cut === undefined || (index === steps.length - 1 && !retried),
  )
}
