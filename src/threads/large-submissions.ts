import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import type { Submission } from '../core/contract/api.ts'
import { type ErrorCode, type FieldError, ServiceError } from '../core/contract/errors.ts'
import type { DryRun } from '../core/contract/views.ts'
import type { PlanRecord } from '../core/ports/records.ts'

/** How long the thread may take at its end to send its remaining spans. */
const LAST_WORDS_MS = 6_000
/** A thread is another heap with everything it has loaded, which few processes need for long. */
const IDLE_MS = 60_000

/** The messages to and from the thread. */
export interface Asked {
  id: number
  kind: 'submit' | 'dryRun'
  submission: Submission
}
export type Answered =
  | { id: number; status: 'answered'; value: unknown }
  | {
      id: number
      status: 'refused'
      error: {
        code: ErrorCode
        message: string
        errors: FieldError[]
        extensions: Record<string, unknown>
        retryAfterSeconds: number | undefined
      }
    }
  | { id: number; status: 'failed'; message: string }

/** Submissions whose bodies would hold up everybody else on the API's own thread. */
export interface LargeSubmissions {
  submit(submission: Submission): Promise<{ record: PlanRecord; created: boolean }>
  dryRun(submission: Submission): Promise<DryRun>
  close(): Promise<void>
}

/**
 * Parses, checks, stores and enqueues on a separate thread with its own connections. The thread is
 * started for the first submission and ends after an idle period. If `isTraced`, it gets time to
 * send its spans before it ends.
 */
export function openLargeSubmissions(options: {
  redisUrl: string
  isTraced: boolean
  log: Logger
  /** How long an idle thread waits for more work. */
  idleMs?: number
}): LargeSubmissions {
  const { redisUrl, isTraced, log, idleMs = IDLE_MS } = options
  interface Waiting {
    resolve(value: unknown): void
    reject(error: unknown): void
  }
  const waiting = new Map<number, Waiting>()
  let lastId = 0
  let thread: Worker | undefined
  let timer: NodeJS.Timeout | undefined
  /** Threads that get no more work, until they have ended. */
  const ending = new Set<Promise<void>>()

  function start(): Worker {
    const worker = new Worker(new URL('../main/threads/submission-thread.ts', import.meta.url), {
      workerData: { redisUrl },
    })
    worker.unref()
    worker.on('message', (answered: Answered) => settle(answered))
    worker.on('error', (err) => log.error({ err }, 'submission thread died'))
    worker.on('exit', () => {
      if (thread !== worker) return
      thread = undefined
      for (const asked of waiting.values()) {
        asked.reject(
          new ServiceError('unavailable', 'The submission was interrupted; send it again.', {
            retryAfterSeconds: 1,
          }),
        )
      }
      waiting.clear()
    })
    return worker
  }

  function settle(answered: Answered): void {
    const asked = waiting.get(answered.id)
    waiting.delete(answered.id)
    if (waiting.size === 0) {
      timer = setTimeout(() => void letGo(), idleMs)
      timer.unref()
    }
    if (answered.status === 'answered') asked?.resolve(answered.value)
    else if (answered.status === 'refused') {
      const { code, message, ...rest } = answered.error
      asked?.reject(
        new ServiceError(code, message, {
          errors: rest.errors,
          extensions: rest.extensions,
          ...(rest.retryAfterSeconds === undefined
            ? {}
            : { retryAfterSeconds: rest.retryAfterSeconds }),
        }),
      )
    } else asked?.reject(new Error(answered.message))
  }

  function letGo(): Promise<void> {
    const worker = thread
    thread = undefined
    if (worker === undefined) return Promise.resolve()
    const ended = end(worker).finally(() => ending.delete(ended))
    ending.add(ended)
    return ended
  }

  async function end(worker: Worker): Promise<void> {
    if (isTraced) {
      worker.ref()
      worker.postMessage('end')
      await Promise.race([once(worker, 'exit'), delay(LAST_WORDS_MS, undefined, { ref: false })])
    }
    await worker.terminate()
  }

  function ask(kind: Asked['kind'], submission: Submission): Promise<unknown> {
    lastId += 1
    const asked: Asked = { id: lastId, kind, submission }
    clearTimeout(timer)
    thread ??= start()
    const worker = thread
    return new Promise((resolve, reject) => {
      waiting.set(asked.id, { resolve, reject })
      worker.postMessage(asked)
    })
  }

  return {
    submit: async (submission) =>
      (await ask('submit', submission)) as { record: PlanRecord; created: boolean },
    dryRun: async (submission) => (await ask('dryRun', submission)) as DryRun,
    async close() {
      clearTimeout(timer)
      void letGo()
      await Promise.all(ending)
    },
  }
}
