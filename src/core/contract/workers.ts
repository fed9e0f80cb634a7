import { z } from 'zod'

/** A live worker process. */
export const WorkerView = z
  .object({
    id: z.string(),
    host: z.string(),
    pid: z.int(),
    version: z.string(),
    startedAt: z.iso.datetime(),
    lastSeenAt: z.iso.datetime(),
    /** The most tasks that it runs at the same time. */
    concurrency: z.int(),
    /** Tasks it is running now, of all tenants. */
    running: z.int(),
    executors: z.array(z.string()),
  })
  .meta({ id: 'Worker' })
export type WorkerView = z.output<typeof WorkerView>

export const QueueView = z
  .object({
    name: z.string(),
    shard: z.int(),
    /** Jobs, each with one or more tasks. */
    waiting: z.int(),
    active: z.int(),
    /** Held back by an order or a limit, or waiting for a retry. */
    delayed: z.int(),
  })
  .meta({ id: 'Queue' })
export type QueueView = z.output<typeof QueueView>

/** What holds back the calls of one model. */
export const ProviderView = z
  .object({
    /** `provider:model`. */
    key: z.string(),
    heldUntil: z.iso.datetime().nullable(),
    concurrency: z.int().nullable(),
  })
  .meta({ id: 'Provider' })
export type ProviderView = z.output<typeof ProviderView>

export const WorkersView = z
  .object({
    workers: z.array(WorkerView),
    queues: z.array(QueueView),
    providers: z.array(ProviderView),
  })
  .meta({ id: 'Workers' })
export type WorkersView = z.output<typeof WorkersView>

/** What a worker reports about itself; the store adds the time. */
export type Announcement = Omit<WorkerView, 'startedAt' | 'lastSeenAt'>

/** Tracks live workers. A worker that has not announced itself for `ALIVE_MS` counts as dead. */
export interface WorkerRegistry {
  announce(worker: Announcement): Promise<void>
  leave(workerId: string): Promise<void>
  alive(): Promise<WorkerView[]>
}

export const ALIVE_MS = 10_000
