import { randomUUID } from 'node:crypto'
import { type Job, Worker } from 'bullmq'
import type { Gate } from './gates.ts'
import type { Connection } from './names.ts'
import { openUntilReady } from './open-until-ready.ts'

/**
 * A worker's lease on a job, renewed three times within this time. A dead worker's jobs wait until
 * it expires.
 */
const LEASE_MS = 10_000
/** How often each process looks for jobs whose lease has expired. */
const STALLED_CHECK_MS = 4_000
/**
 * A job that failed because of a bug of ours, not because of a task, comes back after this time.
 */
const FAULT_DELAY_MS = 5_000

/**
 * Needs no memory. KEYS: the queue's stalled set. ARGV: the queue's prefix, ms, then id and token
 * of each job.
 */
const PROLONG = `
  for i = 3, #ARGV, 2 do
    local lock = ARGV[1] .. ARGV[i] .. ':lock'
    if redis.call('GET', lock) == ARGV[i + 1] then
      redis.call('PEXPIRE', lock, ARGV[2])
      redis.call('SREM', KEYS[1], ARGV[i])
    end
  end`

/** How long a fetch waits for a job to arrive; a process that shuts down waits this long. */
const LONGEST_FETCH_S = 1

/**
 * What to do with a handled job: complete it, give it to another worker, or let it wait for its
 * children.
 */
export type Handled = 'done' | 'give-back' | 'wait'

export interface Consumer {
  /** Resolves once all of its connections have been up. */
  opened: Promise<void>
  /** Whether it can take jobs, judging by its last fetch. */
  readonly isFetching: boolean
  /** Takes no more jobs; those already taken continue. */
  pause(): void
  /** After `pause`: resolves once every job it took has been completed or given back. */
  idle(): Promise<void>
  /** Releases the connections. Call after `idle`. */
  close(): Promise<void>
  readonly active: number
}

/** Exposes the parts of Worker needed to fetch by hand without a second round trip. */
class FetchingWorker extends Worker {
  /** Completes a job and, in the same round trip, takes the next one if `fetchNext`. */
  async completeAndFetch(job: Job, token: string, fetchNext: boolean): Promise<Job | undefined> {
    const next = await job.moveToCompleted(null, token, fetchNext)
    if (!Array.isArray(next) || !next[0]) return undefined
    const [data, id] = next
    return this.nextJobFromJobData(data, id, token)
  }
}

/**
 * Takes jobs off one queue as the gate allows and passes each to `handle`. Fetches by hand instead
 * of with BullMQ's own loop, because how many jobs a process may hold depends on how many of their
 * tasks are running, which only the gate knows.
 */
export function startConsumer(options: {
  queueName: string
  prefix: string
  connection: Connection
  /** How many loops fetch in parallel, each with its own Worker instance. */
  instances: number
  gate: Gate
  /**
   * `lost` aborts when another worker may have the job. Never throws because of a task's failure.
   */
  handle: (
    data: unknown,
    job: { id: string; delivery: number },
    lost: AbortSignal,
  ) => Promise<Handled>
  onError: (error: Error, event: string, jobId?: string) => void
}): Consumer {
  const { gate, onError } = options
  const jobs = new Map<string, { worker: Worker; token: string; lost: AbortController }>()
  const handling = new Set<Promise<void>>()
  let paused = false

  let isFetching = false
  const workers: FetchingWorker[] = []

  function newWorker(): FetchingWorker {
    const worker = new FetchingWorker(options.queueName, null, {
      connection: options.connection,
      prefix: options.prefix,
      autorun: false,
      lockDuration: LEASE_MS,
      stalledInterval: STALLED_CHECK_MS,
      // Deaths of a task's worker are counted with the task's attempts.
      maxStalledCount: 1_000_000,
      drainDelay: LONGEST_FETCH_S,
    })
    worker.on('error', (error) => onError(error, 'queue connection failed'))
    worker.on('stalled', (jobId) => onError(new Error('lease ran out'), 'job taken back', jobId))
    return worker
  }

  async function openWorker(): Promise<FetchingWorker> {
    const worker = await openUntilReady(newWorker, {
      onError: (error) => onError(error, 'queue cannot be opened'),
      isOver: () => paused,
    })
    workers.push(worker)
    isFetching = true
    if (!paused) void worker.startStalledCheckTimer()
    return worker
  }

  async function handleJob(worker: FetchingWorker, first: Job): Promise<void> {
    let job: Job | undefined = first
    while (job !== undefined) {
      const id = job.id ?? ''
      const token = job.token ?? ''
      const lost = new AbortController()
      // The same job twice in one process: the first lease expired while this process was held up.
      jobs.get(id)?.lost.abort(new Error('lease lost'))
      const entry = { worker, token, lost }
      jobs.set(id, entry)
      let next: Job | undefined
      try {
        const handled = await options.handle(
          job.data,
          { id, delivery: job.attemptsStarted },
          lost.signal,
        )
        if (handled === 'done') {
          next = await worker.completeAndFetch(job, token, !paused && gate.wantsMore())
        } else if (handled === 'give-back' || !(await job.moveToWaitingChildren(token))) {
          // All its children may have finished before it could wait for them.
          await job.moveToWait(token)
        }
      } catch (error) {
        next = undefined
        await putAside(job, token, error instanceof Error ? error : new Error(String(error)))
      } finally {
        if (jobs.get(id) === entry) jobs.delete(id)
      }
      job = next
    }
  }

  /** For unexpected errors. A job is never failed: that would lose its tasks. */
  async function putAside(job: Job, token: string, error: Error): Promise<void> {
    onError(error, 'job handling failed', job.id)
    try {
      await job.moveToDelayed(Date.now() + FAULT_DELAY_MS, token)
    } catch (moveError) {
      // The lease is gone: the stalled check has taken the job back, or will.
      if (moveError instanceof Error) onError(moveError, 'job lease lost', job.id)
    }
  }

  /**
   * Renews leases even if Redis is full: BullMQ renews by rewriting them, which a full Redis
   * rejects.
   */
  async function prolong(held: { id: string; token: string }[]): Promise<void> {
    const base = `${options.prefix}:${options.queueName}`
    const args = held.flatMap(({ id, token }) => [id, token])
    await options.connection.eval(PROLONG, 1, `${base}:stalled`, `${base}:`, LEASE_MS, ...args)
  }

  async function fetchLoop(worker: FetchingWorker): Promise<void> {
    while (!paused) {
      await gate.readyForMore()
      if (paused) return
      try {
        const job = (await worker.getNextJob(randomUUID())) as Job | undefined
        isFetching = true
        if (job === undefined) continue
        // It arrived during shutdown: another process should get it at once.
        if (paused) {
          await job.moveToWait(job.token)
          return
        }
        const handled = handleJob(worker, job)
        handling.add(handled)
        void handled.finally(() => handling.delete(handled))
      } catch (error) {
        if (paused) return
        isFetching = false
        onError(error instanceof Error ? error : new Error(String(error)), 'fetching failed')
        await delay(500)
      }
    }
  }

  const renewal = setInterval(() => {
    for (const worker of workers) {
      const held = [...jobs].filter(([, entry]) => entry.worker === worker)
      if (held.length === 0) continue
      worker
        .extendJobLocks(
          held.map(([id]) => id),
          held.map(([, entry]) => entry.token),
          LEASE_MS,
        )
        .then((failed) => {
          for (const id of failed) jobs.get(id)?.lost.abort(new Error('lease lost'))
        })
        .catch(async (error: Error) => {
          onError(error, 'lease renewal failed')
          await prolong(held.map(([id, entry]) => ({ id, token: entry.token })))
        })
        .catch((error: Error) => onError(error, 'lease renewal failed'))
    }
  }, LEASE_MS / 3)

  const openings = Array.from({ length: options.instances }, openWorker)
  const loops = openings.map(async (opening) => fetchLoop(await opening))

  return {
    opened: Promise.all(openings).then(() => undefined),
    pause() {
      paused = true
    },
    async idle() {
      // A loop whose gate is closed never wakes up again, and holds nothing.
      await Promise.race([Promise.all(loops), delay(LONGEST_FETCH_S * 2_000)])
      while (handling.size > 0) await Promise.all(handling)
    },
    async close() {
      paused = true
      clearInterval(renewal)
      await Promise.all(workers.map((worker) => worker.close(true)))
    },
    get isFetching() {
      return isFetching
    },
    get active() {
      return jobs.size
    },
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
