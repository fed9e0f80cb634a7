import type { Redis } from 'ioredis'
import type { BudgetStore } from '../../core/budget/allowance.ts'
import type { PlanTotals } from '../../core/contract/service-state.ts'
import type { WorkerRegistry } from '../../core/contract/workers.ts'
import type { DeliveryStore } from '../../core/deliver/webhooks.ts'
import type { ChangeFeed, EventLog, TextLog } from '../../core/ports/event-log.ts'
import type { PlanStore } from '../../core/ports/plan-store.ts'
import type { ReuseStore } from '../../core/ports/reuse.ts'
import type { StepStore } from '../../core/ports/step-store.ts'
import type { StoreClock } from '../../core/ports/store-clock.ts'
import type { PartStore, SynthesisStore } from '../../core/ports/synthesis-store.ts'
import type { TaskLife, TaskStore } from '../../core/ports/task-life.ts'
import type { Upkeep } from '../../core/ports/upkeep.ts'
import type { TenantUse } from '../../core/submit/tenant-limits.ts'
import type { Shards } from '../../queue/names.ts'
import { redisBudgetStore } from '../../store/budget-store.ts'
import { redisDeliveryStore } from '../../store/delivery-store.ts'
import { redisChangeFeed, redisEventLog } from '../../store/events.ts'
import { type KeySpace, shardKey, shardOf } from '../../store/keys.ts'
import { redisPartStore } from '../../store/part-store.ts'
import { redisPlanStore } from '../../store/plan-store.ts'
import { redisPlanTotals } from '../../store/plan-totals.ts'
import { redisClock } from '../../store/redis/clock.ts'
import type { RedisClient } from '../../store/redis/connect-redis.ts'
import { redisReuseStore } from '../../store/reuse-store.ts'
import { loadScripts } from '../../store/scripts.ts'
import { redisStepStore } from '../../store/step-store.ts'
import { redisSynthesisStore } from '../../store/synthesis-store.ts'
import { redisTaskLife, redisTaskStore, workerName } from '../../store/task-store.ts'
import { redisTenantUse } from '../../store/tenant-limits.ts'
import { redisTextLog } from '../../store/text-log.ts'
import { redisUpkeep } from '../../store/upkeep.ts'
import { redisWorkerRegistry } from '../../store/worker-registry.ts'
import type { Config } from '../config.ts'

/** How often a task's worker may die before the task is given up as the likely cause. */
const MOST_LOSSES = 25

export interface Stores {
  plans: PlanStore
  tasks: TaskStore
  life: TaskLife
  syntheses: SynthesisStore
  budgets: BudgetStore
  steps: StepStore
  parts: PartStore
  events: EventLog
  texts: TextLog
  upkeep: Upkeep
  now: StoreClock
  deliveries: DeliveryStore
  workers: WorkerRegistry
  reuse: ReuseStore
  shards: Shards
  totals: () => Promise<PlanTotals>
  tenantUse: TenantUse
  space: KeySpace
}

export function openStores(redis: RedisClient, config: Config): Stores {
  const space = { prefix: config.TUTTI_PREFIX, shards: config.TUTTI_SHARDS }
  const run = loadScripts(redis)
  const tasks = redisTaskStore({ redis, space })
  return {
    plans: redisPlanStore({ redis, run, space, retentionMs: config.TUTTI_RETENTION_MS }),
    tasks,
    reuse: redisReuseStore({
      ...{ redis, run, space, outputs: tasks.outputs },
      mostBytes: config.TUTTI_REUSE_MAX_BYTES,
    }),
    life: redisTaskLife({
      redis,
      run,
      space,
      workerId: workerName(),
      mostLosses: MOST_LOSSES,
    }),
    syntheses: redisSynthesisStore({ redis, run, space }),
    budgets: redisBudgetStore({ redis, run, space }),
    steps: redisStepStore({ redis, run, space }),
    parts: redisPartStore({ redis, run, space }),
    events: redisEventLog({ redis, run, space }),
    texts: redisTextLog({ run, space }),
    workers: redisWorkerRegistry({ redis, space }),
    deliveries: redisDeliveryStore({ redis, run, space }),
    upkeep: redisUpkeep({ redis, space }),
    now: redisClock(redis),
    totals: redisPlanTotals({ redis, space }),
    tenantUse: redisTenantUse({ redis, space }),
    shards: {
      count: space.shards,
      prefixOf: (shard) => shardKey(space, shard),
      shardOf,
    },
    space,
  }
}

/** Listens on a separate connection; see `ChangeFeed`. */
export function openFeed(subscriber: Redis, stores: Stores): Promise<ChangeFeed> {
  return redisChangeFeed({ subscriber, space: stores.space })
}
