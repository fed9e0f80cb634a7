import { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import { MERGING, type Merging } from '../core/merge/merge-operations.ts'

/** What the thread is asked, and what it answers. */
export interface MergingRequest {
  id: number
  name: keyof typeof MERGING
  args: unknown[]
}
export interface MergingAnswer {
  id: number
  value?: unknown
  error?: Error
}

/** Characters, or as much else, that are merged in some milliseconds: more goes to the thread. */
const MOST_HERE = 200_000

/**
 * Merges what is small at once, and what is large on a thread of its own, where it holds up nothing
 * else: leases are renewed and other plans go on meanwhile. The thread is started when it is needed.
 */
export function openMerging(log: Logger): { merging: Merging; close(): Promise<void> } {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let lastId = 0
  let thread: Worker | undefined

  function start(): Worker {
    const worker = new Worker(new URL('./merging-thread.ts', import.meta.url))
    worker.unref()
    worker.on('message', ({ id, value, error }: MergingAnswer) => {
      const asked = waiting.get(id)
      waiting.delete(id)
      if (error === undefined) asked?.resolve(value)
      else asked?.reject(error)
    })
    worker.on('error', (err) => log.error({ err }, 'merging thread died'))
    worker.on('exit', () => {
      if (thread === worker) thread = undefined
      // The jobs that wait for it are put aside, and tried again.
      for (const asked of waiting.values()) asked.reject(new Error('the merging thread ended'))
      waiting.clear()
    })
    return worker
  }

  async function work(name: keyof typeof MERGING, args: unknown[]): Promise<unknown> {
    if (!isLarge(args)) return (MERGING[name] as (...given: unknown[]) => unknown)(...args)
    thread ??= start()
    lastId += 1
    const asked = Promise.withResolvers<unknown>()
    waiting.set(lastId, asked)
    thread.postMessage({ id: lastId, name, args } satisfies MergingRequest)
    return asked.promise
  }

  const names = Object.keys(MERGING) as (keyof typeof MERGING)[]
  return {
    merging: Object.fromEntries(
      names.map((name) => [name, (...args: unknown[]) => work(name, args)]),
    ) as Merging,
    async close() {
      await thread?.terminate()
    },
  }
}

function isLarge(args: unknown[]): boolean {
  let left = MOST_HERE
  const open: unknown[] = [args]
  while (open.length > 0 && left > 0) {
    const value = open.pop()
    left -= typeof value === 'string' ? value.length + 1 : 1
    if (typeof value !== 'object' || value === null) continue
    for (const member of Object.values(value)) open.push(member)
  }
  return left <= 0
}
