import type { PlanStore } from '../ports/plan-store.ts'
import type { PlanSpec } from '../ports/records.ts'

/** What a worker needs of a plan for every one of its tasks; none of it ever changes. */
export interface LoadedPlan {
  spec: PlanSpec
  context: string
  taskCount: number
}

export interface PlanCache {
  /** `undefined` for a plan that is gone. */
  load(planId: string): Promise<LoadedPlan | undefined>
}

/** Keeps the plans used last, so that a plan of a thousand tasks is read once a process. */
export function planCache(plans: Pick<PlanStore, 'get' | 'context'>, size = 100): PlanCache {
  const cache = new Map<string, Promise<LoadedPlan | undefined>>()

  async function read(planId: string): Promise<LoadedPlan | undefined> {
    const [record, context] = await Promise.all([plans.get(planId), plans.context(planId)])
    if (record === undefined) return undefined
    const taskCount = Object.values(record.counts).reduce((sum, count) => sum + count, 0)
    return { spec: record.spec, context, taskCount }
  }

  return {
    load(planId) {
      const known = cache.get(planId)
      if (known !== undefined) {
        // Moved to the end: the first of the map is the one used longest ago.
        cache.delete(planId)
        cache.set(planId, known)
        return known
      }
      const loaded = read(planId)
      cache.set(planId, loaded)
      const forget = () => {
        if (cache.get(planId) === loaded) cache.delete(planId)
      }
      loaded.then((plan) => plan === undefined && forget(), forget)
      const oldest = cache.keys().next()
      if (cache.size > size && oldest.done !== true) cache.delete(oldest.value)
      return loaded
    },
  }
}
