import type { TaskSummary } from './schema.ts'

/**
 * What a queued task waits for, in a few words: `design (running)`, `a worker with the executor
 * model`.
 */
export function describeWaiting(waitingFor: TaskSummary['waitingFor']): string {
  return (waitingFor ?? []).map(wordsOf).join(', ')
}

function wordsOf(reason: NonNullable<TaskSummary['waitingFor']>[number]): string {
  switch (reason.kind) {
    case 'dependency':
      return `${reason.taskId} (${reason.status})`
    case 'limit':
      return `the limit of the plan: ${reason.running} of ${reason.maxConcurrency} run`
    case 'worker':
      return `a worker with the executor ${reason.executor}; none is alive`
    case 'provider':
      return `the provider of ${reason.model}, until ${timeOf(reason.until)}`
    case 'slot':
      return reason.notBefore === undefined
        ? 'a free slot'
        : `its next attempt, at ${timeOf(reason.notBefore)}`
  }
}

function timeOf(iso: string): string {
  return `${iso.slice(11, 19)} UTC`
}
