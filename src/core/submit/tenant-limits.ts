import { ServiceError } from '../contract/errors.ts'

/** What a tenant may have; `undefined` means unlimited. */
export interface TenantLimits {
  /** Tasks that have not ended. */
  maxRunning: number | undefined
  maxPlans: number | undefined
}

/** What tenants have, across all processes. */
export interface TenantUse {
  /**
   * Registers a submission or retry in progress, and counts what the tenant has: stored plans and
   * their unfinished tasks, plus submissions that were registered earlier. Call `settle` once it is
   * stored or given up; a claim whose process dies expires after a minute.
   */
  claim(
    tenant: string,
    /** `firstUnit`: for a retry, the first of the units that it adds to its plan. */
    submission: { planId: string; tasks: number; firstUnit?: number | undefined },
  ): Promise<{ plans: number; tasks: number; settle(): Promise<void> }>
}

/** Seconds after which tasks may have ended, or plans may have been deleted. */
const TASKS_AGAIN_SECONDS = 10
const PLANS_AGAIN_SECONDS = 60

/**
 * Stores a submission or retry if the tenant's limits allow it. Concurrent submissions cannot
 * exceed a limit together, because each counts those registered before it.
 *
 * @throws {ServiceError} quota-exceeded
 */
export async function withinLimits<T>(
  deps: { limits: TenantLimits; use: TenantUse } | undefined,
  /** With `firstUnit`, tasks of a stored plan that are to run again; otherwise a new plan. */
  submission: { tenant: string; planId: string; tasks: number; firstUnit?: number },
  store: () => Promise<T>,
): Promise<T> {
  if (deps === undefined) return store()
  const { limits, use } = deps
  const { tenant, tasks, firstUnit } = submission
  const plans = firstUnit === undefined ? 1 : 0
  const has = await use.claim(tenant, submission)
  try {
    if (plans > 0 && limits.maxPlans !== undefined && has.plans + plans > limits.maxPlans) {
      throw new ServiceError(
        'quota-exceeded',
        `A tenant may have ${limits.maxPlans} plans, and ${has.plans} are stored.`,
        { retryAfterSeconds: PLANS_AGAIN_SECONDS },
      )
    }
    if (limits.maxRunning !== undefined && has.tasks + tasks > limits.maxRunning) {
      throw new ServiceError(
        'quota-exceeded',
        `A tenant may have ${limits.maxRunning} unfinished tasks; it has ${has.tasks}, and this would add ${tasks}.`,
        { retryAfterSeconds: TASKS_AGAIN_SECONDS },
      )
    }
    return await store()
  } finally {
    // Not a reason to fail a stored plan: the claim expires by itself.
    await has.settle().catch(() => undefined)
  }
}
