import { readFileSync } from 'node:fs'
import { PermanentError } from '../../core/contract/errors.ts'
import { descendantsOf } from '../processes/descendants.ts'
import type { Confinement } from './confinement.ts'

const FIRST_LOOK_MS = 50
const LOOK_MS = 250
/** Looking at many processes takes long, so it is then done less often. */
const SHARE = 20
/** Fixed by Linux for `/proc/<pid>/stat`, whatever the machine. */
const MS_PER_TICK = 10
const PAGE_BYTES = 4_096

/**
 * Watches a program and all processes below it, and aborts once they exceed their limits. Usage
 * between two checks is not stopped.
 */
export function limitProcesses(
  pid: number,
  limits: Pick<Confinement, 'maxCpuMs' | 'maxMemoryBytes' | 'maxProcesses'>,
): { signal: AbortSignal; clear: () => void } {
  const controller = new AbortController()
  let timer: NodeJS.Timeout
  const look = () => {
    const started = performance.now()
    const over = problemOf(usageOf(pid), limits)
    if (over !== undefined) {
      controller.abort(over)
      return
    }
    timer = setTimeout(look, Math.max(LOOK_MS, (performance.now() - started) * SHARE))
  }
  timer = setTimeout(look, FIRST_LOOK_MS)
  return { signal: controller.signal, clear: () => clearTimeout(timer) }
}

interface ProcessUsage {
  cpuMs: number
  memoryBytes: number
  processes: number
}

function problemOf(
  used: ProcessUsage,
  { maxCpuMs, maxMemoryBytes, maxProcesses }: Parameters<typeof limitProcesses>[1],
): PermanentError | undefined {
  if (used.processes > maxProcesses) {
    const message = `The command had more than ${maxProcesses} processes and threads at once.`
    return new PermanentError('process-limit', message)
  }
  if (used.memoryBytes > maxMemoryBytes) {
    const message = `The command used more than ${maxMemoryBytes} bytes of memory.`
    return new PermanentError('memory-limit', message)
  }
  if (maxCpuMs !== undefined && used.cpuMs > maxCpuMs) {
    const message = `The command used more than ${maxCpuMs} ms of CPU time.`
    return new PermanentError('cpu-limit', message)
  }
  return undefined
}

/**
 * The usage of a process and everything below it. The CPU time of ended processes is included in
 * their parent's.
 */
function usageOf(root: number): ProcessUsage {
  const total: ProcessUsage = { cpuMs: 0, memoryBytes: 0, processes: 0 }
  for (const pid of [root, ...descendantsOf(root)]) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      // The fields after the name, which may contain anything, from the third on.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const field = (number: number) => Number(fields[number - 3] ?? 0)
      total.cpuMs += (field(14) + field(15) + field(16) + field(17)) * MS_PER_TICK
      total.processes += field(20)
      const [, resident = 0, shared = 0] = readFileSync(`/proc/${pid}/statm`, 'latin1')
        .split(' ')
        .map(Number)
      // Pages of files can be reclaimed by the system.
      total.memoryBytes += (resident - shared) * PAGE_BYTES
    } catch {
      // It has ended in the meantime.
    }
  }
  return total
}
