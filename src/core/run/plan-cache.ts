import { LRUCache } from 'lru-cache'
import type { PlanStore } from '../ports/plan-store.ts'
import type { PlanSpec } from '../ports/records.ts'

/** What a worker needs to know about a plan for each of its tasks; none of it ever changes. */
export interface LoadedPlan {
  spec: PlanSpec
  context: string
}

export interface PlanCache {
  /** `undefined` for a plan that is gone. */
  load(planId: string): Promise<LoadedPlan | undefined>
}

/** Total size of the cache in bytes: a context may be two million characters. */
const MOST_BYTES = 64 * 1024 * 1024

/** Keeps the most recently used plans, so that a process reads a plan of a thousand tasks once. */
export function planCache(
  plans: Pick<PlanStore, 'get' | 'context'>,
  mostBytes = MOST_BYTES,
): PlanCache {
  const cache = new LRUCache<string, LoadedPlan>({
    maxSize: mostBytes,
    sizeCalculation: bytesOf,
    // Called once for concurrent requests for the same plan; failures are not cached.
    fetchMethod: read,
  })

  async function read(planId: string): Promise<LoadedPlan | undefined> {
    const [record, context] = await Promise.all([plans.get(planId), plans.context(planId)])
    return record === undefined ? undefined : { spec: record.spec, context }
  }

  return { load: (planId) => cache.fetch(planId) }
}

/** Approximate: a character takes one or two bytes, and the rest of a plan is small. */
function bytesOf({ spec, context }: LoadedPlan): number {
  return 2 * (context.length + JSON.stringify(spec).length)
}
