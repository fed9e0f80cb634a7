import { LRUCache } from 'lru-cache'
import type { PlanStore } from '../ports/plan-store.ts'
import type { PlanSpec } from '../ports/records.ts'

/** What a worker needs of a plan for every one of its tasks; none of it ever changes. */
export interface LoadedPlan {
  spec: PlanSpec
  context: string
}

export interface PlanCache {
  /** `undefined` for a plan that is gone. */
  load(planId: string): Promise<LoadedPlan | undefined>
}

/** What is kept of plans in all, in bytes: a context may be two million characters. */
const MOST_BYTES = 64 * 1024 * 1024

/** Keeps the plans used last, so that a plan of a thousand tasks is read once a process. */
export function planCache(
  plans: Pick<PlanStore, 'get' | 'context'>,
  mostBytes = MOST_BYTES,
): PlanCache {
  const cache = new LRUCache<string, LoadedPlan>({
    maxSize: mostBytes,
    sizeCalculation: bytesOf,
    // Called once for all that ask for a plan at the same time; a failure is kept for nobody.
    fetchMethod: read,
  })

  async function read(planId: string): Promise<LoadedPlan | undefined> {
    const [record, context] = await Promise.all([plans.get(planId), plans.context(planId)])
    return record === undefined ? undefined : { spec: record.spec, context }
  }

  return { load: (planId) => cache.fetch(planId) }
}

/** Nearly: a character of a text takes one or two bytes, and the rest of a plan is small. */
function bytesOf({ spec, context }: LoadedPlan): number {
  return 2 * (context.length + JSON.stringify(spec).length)
}
