import type { ReportTask } from './report-input.ts'

interface Run {
  task: ReportTask
  start: number
  end: number
}

/**
 * How long programs of the tasks waited for cores that other tasks of the plan were using, in
 * milliseconds. One after another, they would not have; for whatever else the machines were busy with,
 * they would have waited all the same.
 */
export function waitForEachOther(runs: readonly Run[]): number {
  const byHost = new Map<string | undefined, Run[]>()
  for (const run of runs) {
    if (run.task.coreTimes === undefined) continue
    const others = byHost.get(run.task.host)
    if (others === undefined) byHost.set(run.task.host, [run])
    else others.push(run)
  }
  return Math.round([...byHost.values()].reduce((sum, some) => sum + waitOnOneHost(some), 0))
}

function waitOnOneHost(runs: readonly Run[]): number {
  const computedUntil = computedBefore(runs)
  let waitMs = 0
  for (const { task, start, end } of runs) {
    const { ranMs = 0, waitedMs = 0, cores = 1 } = task.coreTimes ?? {}
    const othersMs = Math.max(0, computedUntil(end) - computedUntil(start) - ranMs)
    // While it waited, the cores were busy with the others and with what else runs on the machine.
    const elsewhereMs = Math.max(1, cores * (end - start) - ranMs)
    waitMs += Math.min(waitedMs, end - start) * Math.min(1, othersMs / elsewhereMs)
  }
  return waitMs
}

/** The CPU time of all runs up to a start or an end of one, each spread evenly over its duration. */
function computedBefore(runs: readonly Run[]): (at: number) => number {
  const changes = runs
    .filter(({ start, end }) => end > start)
    .flatMap(({ task, start, end }) => {
      const rate = (task.coreTimes?.ranMs ?? 0) / (end - start)
      return [
        { at: start, by: rate },
        { at: end, by: -rate },
      ]
    })
    .sort((a, b) => a.at - b.at)
  const known = new Map<number, number>()
  let at = changes[0]?.at ?? 0
  let rate = 0
  let computedMs = 0
  for (const change of changes) {
    computedMs += rate * (change.at - at)
    at = change.at
    rate += change.by
    known.set(at, computedMs)
  }
  return (time) => known.get(time) ?? 0
}
