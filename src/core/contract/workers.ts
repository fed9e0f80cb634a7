import { z } from 'zod'

/** One worker process that is alive. */
export const WorkerView = z
  .object({
    id: z.string(),
    host: z.string(),
    pid: z.int(),
    version: z.string(),
    startedAt: z.iso.datetime(),
    lastSeenAt: z.iso.datetime(),
    /** Tasks at once, at most. */
    concurrency: z.int(),
    /** Tasks that run now, of all tenants. */
    running: z.int(),
    executors: z.array(z.string()),
  })
  .meta({ id: 'Worker' })
export type WorkerView = z.output<typeof WorkerView>

export const QueueView = z
  .object({
    name: z.string(),
    shard: z.int(),
    /** Jobs, of one or several tasks each. */
    waiting: z.int(),
    active: z.int(),
    /** Held back by an order or a limit, or to be tried again later. */
    delayed: z.int(),
  })
  .meta({ id: 'Queue' })
export type QueueView = z.output<typeof QueueView>

/** What holds back calls of one model. */
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

/** What a worker reports about itself; the time comes from the store's clock. */
export type Announcement = Omit<WorkerView, 'startedAt' | 'lastSeenAt'>

/** Who is alive. A worker that has not said so for `ALIVE_MS` is not. */
export interface WorkerRegistry {
  announce(worker: Announcement): Promise<void>
  leave(workerId: string): Promise<void>
  alive(): Promise<WorkerView[]>
}

export const ALIVE_MS = 10_000
