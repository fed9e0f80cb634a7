import type { Redis } from 'ioredis'
import type { ChangeFeed, ChangeMessage, EventLog, StoredEvent } from '../core/ports/event-log.ts'
import { type KeySpace, planKey, shardKey, shardOf } from './keys.ts'
import { fieldsOf, planRecord, taskState } from './records.ts'
import type { RedisClient } from './redis/connect-redis.ts'
import { shared } from './redis/gather.ts'
import { whileAvailable } from './redis/while-available.ts'
import type { RunScript } from './scripts.ts'

export function redisEventLog(options: {
  redis: RedisClient
  run: RunScript
  space: KeySpace
}): EventLog {
  const { redis, run, space } = options

  // All followers of a plan wake at the same moment, mostly at the same position.
  const read = shared((call: { planId: string; after: string; count: number }) =>
    whileAvailable(async () => {
      const key = `${planKey(space, call.planId)}:events`
      const entries = await redis.xrange(key, `(${call.after}`, '+', 'COUNT', call.count)
      return entries.map(([id, fields]) => storedEvent(id, fieldsOf(fields)))
    }),
  )

  async function snapshot(planId: string, withHeader: 0 | 1, taskIds: readonly string[]) {
    return (await run(
      'snapshot',
      planKey(space, planId),
      shardKey(space, shardOf(planId)),
      withHeader,
      taskIds,
    )) as [newest: string, header: string[], createdAt: string | null, tasks: (string | null)[]]
  }

  return {
    read: (planId, after, count) => read({ planId, after, count }),
    has: (planId, id) =>
      whileAvailable(async () => {
        const key = `${planKey(space, planId)}:events`
        return (await redis.xrange(key, id, id, 'COUNT', 1)).length > 0
      }),
    snapshot: (planId) =>
      whileAvailable(async () => {
        const [newest, header] = await snapshot(planId, 1, [])
        const fields = fieldsOf(header)
        return fields.spec === undefined ? undefined : { plan: planRecord(fields), newest }
      }),
    states: (planId, taskIds) =>
      whileAvailable(async () => {
        const [newest, , createdAt, tasks] = await snapshot(planId, 0, taskIds)
        if (createdAt === null) return undefined
        return { states: tasks.map((raw) => taskState(raw, Number(createdAt))), newest }
      }),
  }
}

export function storedEvent(id: string, fields: Record<string, string>): StoredEvent {
  const data = JSON.parse(fields.data ?? '{}') as Record<string, unknown>
  return { id, type: fields.type ?? '', data }
}

/**
 * One subscription for the whole process, however many callers wait. `subscriber` is a separate
 * connection, because a subscribed connection can do nothing else.
 */
export async function redisChangeFeed(options: {
  subscriber: Redis
  space: KeySpace
}): Promise<ChangeFeed> {
  const { subscriber, space } = options
  const listeners = {
    change: new Set<(message: ChangeMessage | undefined) => void>(),
    text: new Set<(planId: string) => void>(),
    control: new Set<(planId: string, taskId: string | undefined, code: string) => void>(),
  }
  const shards = Array.from({ length: space.shards }, (_, shard) => shardKey(space, shard))
  await subscriber.subscribe(
    ...shards.flatMap((shard) => [`${shard}:changes`, `${shard}:control`, `${shard}:text`]),
  )
  // Resubscribed after an outage: whatever happened in between was missed.
  subscriber.on('ready', () => {
    for (const listener of listeners.change) listener(undefined)
  })
  subscriber.on('message', (channel: string, message: string) => {
    if (channel.endsWith(':changes')) {
      if (listeners.change.size === 0) return
      const parsed = changeMessage(message)
      for (const listener of listeners.change) listener(parsed)
    } else if (channel.endsWith(':control')) {
      const [planId = '', taskId = '', code = ''] = message.split(' ')
      const task = taskId === '*' ? undefined : taskId
      for (const listener of listeners.control) listener(planId, task, code)
    } else {
      for (const listener of listeners.text) listener(message)
    }
  })
  const on =
    <Listener>(set: Set<Listener>) =>
    (listener: Listener) => {
      set.add(listener)
      return () => {
        set.delete(listener)
      }
    }
  return {
    onChange: on(listeners.change),
    onText: on(listeners.text),
    onControl: on(listeners.control),
  }
}

function changeMessage(message: string): ChangeMessage {
  const [planId = '', ...lines] = message.split('\n')
  return {
    planId,
    changes: lines.map((line) => {
      const space = line.indexOf(' ')
      return { type: line.slice(0, space), taskId: line.slice(space + 1) }
    }),
  }
}
