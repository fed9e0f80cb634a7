import type { CachedFrom } from '../core/contract/cache.ts'
import type { ReuseStore, TaskInputs } from '../core/ports/reuse.ts'
import type { TaskStore } from '../core/ports/task-life.ts'
import { type KeySpace, planKey } from './keys.ts'
import type { RedisClient } from './redis/connect-redis.ts'
import { whileAvailable } from './redis/while-available.ts'
import type { RunScript } from './scripts.ts'

/** Tasks with the same key that are worth a look: they differ only in files. */
const MOST_OF_KEY = 16
/** Of a tenant. */
const MOST_ENTRIES = 20_000

/**
 * Outputs stay where they are, with their plans; a tenant's index, in one slot of its own, only says which
 * tasks may have had which inputs.
 */
export function redisReuseStore(options: {
  redis: RedisClient
  run: RunScript
  outputs: TaskStore['outputs']
  space: KeySpace
  /** What the entries of a tenant may refer to, in bytes of outputs. */
  mostBytes: number
}): ReuseStore {
  const { redis, run, space } = options
  const baseOf = (tenant: string) => `{${space.prefix}:reuse:${tenant}}`

  return {
    candidates: (tenant, key) =>
      whileAvailable(async () => {
        const refs = await redis.zrevrange(`${baseOf(tenant)}:of:${key}`, 0, -1)
        return refs.map(taskOfRef)
      }),

    inputs: ({ planId, taskId }) =>
      whileAvailable(async () => {
        const key = planKey(space, planId)
        const [there, inputs] = await Promise.all([
          redis.exists(key),
          redis.hget(`${key}:inputs`, taskId),
        ])
        if (there === 0) return 'gone'
        return inputs === null ? undefined : (JSON.parse(inputs) as TaskInputs)
      }),

    output: ({ planId, taskId }, inputs) =>
      whileAvailable(async () => {
        const key = planKey(space, planId)
        const [output] = await options.outputs(planId, [taskId])
        // Read afterwards: a retry changes these together with the output.
        const [state, stored] = await Promise.all([
          redis.hget(`${key}:tasks`, taskId),
          redis.hget(`${key}:inputs`, taskId),
        ])
        const { status } = JSON.parse(state ?? '{}') as { status?: string }
        return status === 'succeeded' && stored === JSON.stringify(inputs) ? output : undefined
      }),

    keep: ({ tenant, key, task, bytes }) =>
      whileAvailable(async () => {
        const entry = [key, refOf(task), task.planId, bytes]
        const limits = [options.mostBytes, MOST_ENTRIES, MOST_OF_KEY]
        await run('keep-reusable', baseOf(tenant), ...entry, ...limits, Date.now())
      }),

    forget: (tenant, planId) =>
      whileAvailable(async () => {
        while ((await run('forget-reusable', baseOf(tenant), planId)) === 1) {
          // A plan may have more entries than one script removes.
        }
      }),
  }
}

function refOf({ planId, taskId }: CachedFrom): string {
  return `${planId} ${taskId}`
}

function taskOfRef(ref: string): CachedFrom {
  const [planId = '', taskId = ''] = ref.split(' ')
  return { planId, taskId }
}
