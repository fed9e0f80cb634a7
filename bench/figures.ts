import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'

export function median(values: readonly number[]): number {
  return percentile(values, 50)
}

/** The value that `percent` of the values do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN
}

/**
 * The CPU time that processes have used so far, on all their threads, in milliseconds. Linux only.
 */
export function cpuMsOf(pids: readonly number[]): number {
  const nanoseconds = pids.flatMap((pid) =>
    readdirSync(`/proc/${pid}/task`).map((thread) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ', 1)[0]),
    ),
  )
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6
}

/** The CPU time that Redis has used, from its answer to `INFO cpu`, in milliseconds. */
export function cpuMsOfRedis(info: string): number {
  const seconds = [...info.matchAll(/^used_cpu_(?:user|sys):([\d.]+)/gm)].map(([, each]) =>
    Number(each),
  )
  return seconds.reduce((sum, each) => sum + each, 0) * 1e3
}

/** What the figures were measured on. */
export function machine(): string {
  const redis = execFileSync('redis-server', ['--version']).toString()
  const version = /v=(\S+)/.exec(redis)?.[1] ?? '?'
  const gib = Math.round(totalmem() / 2 ** 30)
  return `${cpus().length} cores (${cpus()[0]?.model ?? '?'}), ${gib} GiB, Node ${process.version}, Redis ${version}, append-only file, fsync every second`
}

/** A Markdown table. */
export function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |\n`
  return [
    line(head),
    line(head.map((_, at) => (at === 0 ? '---' : '---:'))),
    ...rows.map(line),
  ].join('')
}
