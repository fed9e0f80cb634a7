import { parentPort } from 'node:worker_threads'

/** The messages to and from a thread: one piece of work at a time. */
export interface WorkRequest {
  name: string
  args: unknown[]
}
/** `cpuMs`: the thread's CPU time since it started. */
export type WorkAnswer = ({ value: unknown } | { error: Error }) & { cpuMs: number }

/** Makes this thread do work by name, for the pool that started it. */
export function answerWork(work: Readonly<Record<string, (...args: never[]) => unknown>>): void {
  parentPort?.on('message', ({ name, args }: WorkRequest) => {
    // Names and arguments were type-checked by the caller.
    const piece = work[name] as (...given: unknown[]) => unknown
    let answer: { value: unknown } | { error: Error }
    try {
      answer = { value: piece(...args) }
    } catch (error) {
      answer = { error: error instanceof Error ? error : new Error(String(error)) }
    }
    const moved = 'value' in answer ? ownBuffers(answer.value) : []
    parentPort?.postMessage({ ...answer, cpuMs: cpuMs(process.threadCpuUsage()) }, moved)
  })
}

/** Buffers that can be transferred instead of copied: those of byte arrays that share them with nothing. */
export function ownBuffers(value: unknown): ArrayBuffer[] {
  const isOwn =
    value instanceof Uint8Array &&
    value.buffer instanceof ArrayBuffer &&
    value.buffer.byteLength === value.byteLength
  return isOwn ? [value.buffer as ArrayBuffer] : []
}

/** Milliseconds of CPU time, from microseconds. */
export function cpuMs({ user, system }: { user: number; system: number }): number {
  return (user + system) / 1_000
}
