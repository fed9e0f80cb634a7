import type { WorkersView } from '../../../src/core/contract/workers.ts'

/** Two workers at work, one model held back. */
export function busyWorkers(): WorkersView {
  const at = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString()
  const worker = (host: string, running: number) => ({
    id: `${host}:4711`,
    host,
    pid: 4711,
    version: '0.1.0',
    startedAt: at(-7_300),
    lastSeenAt: at(0),
    concurrency: 100,
    running,
    executors: ['echo', 'model', 'static'],
  })
  return {
    workers: [worker('worker-a', 37), worker('worker-b', 0)],
    queues: [
      { name: 'tutti-io-0', shard: 0, waiting: 412, active: 37, delayed: 2 },
      { name: 'tutti-synthesis-0', shard: 0, waiting: 0, active: 1, delayed: 0 },
    ],
    providers: [
      { key: 'anthropic:claude-sonnet-4-5', heldUntil: at(600), concurrency: 12 },
      { key: 'openai:gpt-5', heldUntil: null, concurrency: 40 },
    ],
  }
}
