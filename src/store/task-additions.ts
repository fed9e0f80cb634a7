import type { TaskSpec } from '../core/contract/task-spec.ts'
import type { Growth } from '../core/ports/records.ts'
import type { TaskLife } from '../core/ports/task-life.ts'
import { type KeySpace, planKey, shardKey, shardOf } from './keys.ts'
import { isLarge, type Write } from './new-plan-fields.ts'
import type { RedisClient } from './redis/connect-redis.ts'
import { whileAvailable } from './redis/while-available.ts'
import { requeueEntries } from './requeue-entries.ts'
import type { RunScript } from './scripts.ts'
import { settleTasks } from './settle-tasks.ts'
import { stage } from './stage.ts'

/** What the event `tasks.added` tells of each task. */
function told(specs: readonly TaskSpec[], { waves }: Growth) {
  const numbers = new Map(waves.flatMap((ids, index) => ids.map((id) => [id, index + 1] as const)))
  return specs.map(({ id, description, executor }) => ({
    ...{ id, description, executor },
    wave: numbers.get(id) ?? 1,
  }))
}

/** Adding tasks to a stored plan. */
export function redisTaskAdditions(options: {
  redis: RedisClient
  run: RunScript
  space: KeySpace
}): Pick<TaskLife, 'add' | 'added' | 'round'> {
  const { redis, run, space } = options
  const keyOf = (planId: string) => planKey(space, planId)
  const shardOfPlan = (planId: string) => shardKey(space, shardOf(planId))
  return {
    add: (planId, { batch, specs, taskIds, growth, dependents, timeoutMs, key, requestHash }) =>
      whileAvailable(async () => {
        const { entries, others } = requeueEntries(batch, specs)
        const waiting = [...dependents].flatMap(([id, ids]) => [id, JSON.stringify(ids)])
        const writes: Write[] = [['RPUSH', 'requeue', entries]]
        const staged = isLarge(writes) ? await stage(redis, keyOf(planId), writes) : ''
        const [status, value = ''] = (await run(
          'add-tasks',
          keyOf(planId),
          shardOfPlan(planId),
          JSON.stringify(batch),
          batch.firstUnit,
          timeoutMs ?? 0,
          specs.length,
          JSON.stringify(told(specs, growth)),
          JSON.stringify(taskIds),
          JSON.stringify(growth),
          key,
          requestHash,
          batch.tasks.some(({ waitsFor }) => waitsFor.length > 0) ? 1 : 0,
          staged === '' ? '' : `${staged}:requeue`,
          others.length,
          others,
          waiting.length,
          waiting,
          staged === '' ? entries : [],
        )) as [string, (string | number)?]
        if (staged !== '' && status !== 'queued') await redis.unlink(`${staged}:requeue`)
        if (status === 'known') return { status, requestHash: String(value) }
        // Whoever seals the batch promotes what this releases, or the sweeper does.
        if (status === 'unsettled' || value === 1) await settleTasks(options, planId)
        if (status === 'unsettled') return { status: 'changed' }
        return { status: status as 'gone' | 'changed' | 'stopped' | 'queued' }
      }),
    added: (planId, key) =>
      whileAvailable(
        async () => (await redis.hget(`${keyOf(planId)}:additions`, key)) ?? undefined,
      ),
    round: (planId) =>
      whileAvailable(async () => Number((await redis.get(`${shardOfPlan(planId)}:round`)) ?? 0)),
  }
}
