import { parentPort } from 'node:worker_threads'

/** What a thread is asked, and what it answers: one piece of work at a time. */
export interface WorkRequest {
  name: string
  args: unknown[]
}
/** `cpuMs`: what the thread has computed since it was started. */
export type WorkAnswer = ({ value: unknown } | { error: Error }) & { cpuMs: number }

/** Makes this thread do pieces of work by their names, for the pool that started it. */
export function answerWork(work: Readonly<Record<string, (...args: never[]) => unknown>>): void {
  parentPort?.on('message', ({ name, args }: WorkRequest) => {
    // The names and their arguments were checked where they were asked for.
    const piece = work[name] as (...given: unknown[]) => unknown
    let answer: { value: unknown } | { error: Error }
    try {
      answer = { value: piece(...args) }
    } catch (error) {
      answer = { error: error instanceof Error ? error : new Error(String(error)) }
    }
    parentPort?.postMessage({ ...answer, cpuMs: cpuMs(process.threadCpuUsage()) })
  })
}

/** Milliseconds of computing, of microseconds. */
export function cpuMs({ user, system }: { user: number; system: number }): number {
  return (user + system) / 1_000
}
