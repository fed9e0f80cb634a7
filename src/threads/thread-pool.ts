import { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import { cpuMs, ownBuffers, type WorkAnswer, type WorkRequest } from './answer-work.ts'

/** Work exceeded its CPU time. It would do so again, so it must not be repeated. */
export class WorkTimeout extends Error {
  override readonly name = 'WorkTimeout'
}

export interface ThreadPool {
  /**
   * Runs a piece of work on a thread. Byte arrays among the arguments that own their buffer are transferred,
   * so the caller loses them.
   *
   * @param limitMs CPU time limit. A machine that is busy with something else does not use it up.
   * @throws {WorkTimeout} if it took longer; the thread is terminated.
   * @throws What the work throws, without its class; or an error that says that its thread died.
   */
  run(name: string, args: unknown[], limitMs: number): Promise<unknown>
  close(): Promise<void>
}

interface Piece {
  request: WorkRequest
  limitMs: number
  asked: PromiseWithResolvers<unknown>
}

/** The shortest interval between checks of a thread's CPU time. */
const CHECK_MS = 20
/** A thread is another heap with everything it has loaded. */
const IDLE_MS = 60_000

/**
 * Threads for work that would hold up everything else in this process. Each is started when needed,
 * does one piece of work at a time, is replaced if it could not finish one, and ends after an idle
 * period.
 *
 * @param entry A module that calls `answerWork`.
 */
export function openThreadPool(options: {
  entry: URL
  size: number
  log: Logger
  /** How long an idle thread waits for more work. */
  idleMs?: number
}): ThreadPool {
  const { entry, size, log, idleMs = IDLE_MS } = options
  const queue: Piece[] = []
  const idle: { thread: Worker; timer: NodeJS.Timeout }[] = []
  /** Each thread's CPU time in ms before its current work. */
  const all = new Map<Worker, number>()
  let closed = false

  function start(): Worker {
    const thread = new Worker(entry)
    thread.unref()
    all.set(thread, 0)
    thread.on('error', (err) => log.error({ err }, 'thread died'))
    thread.once('exit', () => {
      all.delete(thread)
      takeIdle(thread)
      // An idle thread that expired may have been counted against work that came in the meantime.
      next()
    })
    return thread
  }

  function rest(thread: Worker): void {
    const letGo = () => {
      takeIdle(thread)
      void thread.terminate()
    }
    idle.push({ thread, timer: setTimeout(letGo, idleMs).unref() })
  }

  /** Takes the most recently idle thread, or the given one, out of the idle list. */
  function takeIdle(named?: Worker): Worker | undefined {
    const place = named === undefined ? -1 : idle.findIndex(({ thread }) => thread === named)
    if (named !== undefined && place === -1) return undefined
    const [taken] = idle.splice(place, 1)
    clearTimeout(taken?.timer)
    return taken?.thread
  }

  function next(): void {
    while (queue.length > 0 && !closed) {
      const thread = takeIdle() ?? (all.size < size ? start() : undefined)
      if (thread === undefined) return
      const piece = queue.shift()
      if (piece === undefined) return
      give(thread, piece)
    }
  }

  function give(thread: Worker, { request, limitMs, asked }: Piece): void {
    const before = all.get(thread) ?? 0
    let timer: ReturnType<typeof setTimeout>
    let isDone = false
    const checkAfter = (ms: number) => {
      timer = setTimeout(() => void check(), ms)
    }
    const check = async () => {
      // Fails before the thread is up and while it is ending.
      const usage = await thread.cpuUsage().catch(() => undefined)
      if (isDone) return
      const left = usage === undefined ? limitMs : limitMs - (cpuMs(usage) - before)
      if (left > 0) return checkAfter(Math.max(left, CHECK_MS))
      thread.off('message', onMessage)
      asked.reject(new WorkTimeout(`${request.name} computed for longer than ${limitMs} ms`))
      void thread.terminate()
    }
    const done = () => {
      isDone = true
      clearTimeout(timer)
      thread.off('message', onMessage)
      thread.off('exit', onExit)
    }
    const onMessage = (answer: WorkAnswer) => {
      done()
      all.set(thread, answer.cpuMs)
      if ('error' in answer) asked.reject(answer.error)
      else asked.resolve(answer.value)
      rest(thread)
      next()
    }
    const onExit = () => {
      done()
      asked.reject(new Error('the thread ended in the middle of its work'))
      next()
    }
    thread.on('message', onMessage)
    thread.on('exit', onExit)
    checkAfter(limitMs)
    try {
      thread.postMessage(request, request.args.flatMap(ownBuffers))
    } catch (error) {
      done()
      rest(thread)
      asked.reject(error)
    }
  }

  return {
    run(name, args, limitMs) {
      const asked = Promise.withResolvers<unknown>()
      if (closed) asked.reject(new Error('the threads are closed'))
      else queue.push({ request: { name, args }, limitMs, asked })
      next()
      return asked.promise
    },
    async close() {
      closed = true
      for (const { asked } of queue.splice(0)) asked.reject(new Error('the threads are closed'))
      await Promise.all([...all.keys()].map((thread) => thread.terminate()))
    },
  }
}
