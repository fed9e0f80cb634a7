import { ServiceError } from '../contract/errors.ts'

/** What one tenant may have at a time; `undefined`: any number. */
export interface TenantLimits {
  /** Tasks that have not ended. */
  maxRunning: number | undefined
  maxPlans: number | undefined
}

/** What tenants have, over all processes. */
export interface TenantUse {
  /**
   * Notes a submission as under way, and counts what the tenant has: stored plans and their tasks that
   * have not ended, and those of submissions under way that were noted before this one.
   */
  claim(
    tenant: string,
    submission: { planId: string; tasks: number },
  ): Promise<{ plans: number; tasks: number }>
  /** The submission is stored, or was given up. One that dies before this is forgotten in a minute. */
  settle(tenant: string, submission: { planId: string; tasks: number }): Promise<void>
}

/** Seconds after which tasks may have ended, or plans may have been deleted. */
const TASKS_AGAIN_SECONDS = 10
const PLANS_AGAIN_SECONDS = 60

/**
 * Stores a submission, or a retry, where its tenant may have it. Submissions at the same time cannot exceed a limit
 * together: each counts those that came before.
 *
 * @throws {ServiceError} quota-exceeded
 */
export async function withinLimits<T>(
  deps: { limits: TenantLimits; use: TenantUse } | undefined,
  /** `plans`: 1 for a new plan, 0 for tasks of a stored one that are to run again. */
  submission: { tenant: string; planId: string; tasks: number; plans: 0 | 1 },
  store: () => Promise<T>,
): Promise<T> {
  if (deps === undefined) return store()
  const { limits, use } = deps
  const { tenant, planId, tasks, plans } = submission
  const claim = { planId, tasks }
  const has = await use.claim(tenant, claim)
  try {
    if (plans > 0 && limits.maxPlans !== undefined && has.plans + plans > limits.maxPlans) {
      throw new ServiceError(
        'quota-exceeded',
        `A tenant may have ${limits.maxPlans} plans here, and ${has.plans} are stored.`,
        { retryAfterSeconds: PLANS_AGAIN_SECONDS },
      )
    }
    if (limits.maxRunning !== undefined && has.tasks + tasks > limits.maxRunning) {
      throw new ServiceError(
        'quota-exceeded',
        `A tenant may have ${limits.maxRunning} unfinished tasks here; ${has.tasks} are, and these are ${tasks} more.`,
        { retryAfterSeconds: TASKS_AGAIN_SECONDS },
      )
    }
    return await store()
  } finally {
    // Not a reason to fail a plan that is stored: the claim is forgotten by itself.
    await use.settle(tenant, claim).catch(() => undefined)
  }
}
