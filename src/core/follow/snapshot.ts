import { ServiceError } from '../contract/errors.ts'
import type { EventLog, TextPiece } from '../ports/event-log.ts'
import type { PlanRecord, TaskState } from '../ports/records.ts'
import type { TaskStore } from '../ports/task-life.ts'
import { inPages } from '../read/pages.ts'
import { taskSummary, waveNumbers } from '../read/plan-views.ts'
import { inTurn } from '../timing/in-turn.ts'
import { compareIds } from './stream-position.ts'

export interface SnapshotDeps {
  tasks: Pick<TaskStore, 'specs' | 'specSizes'>
  events: Pick<EventLog, 'states'>
}

/**
 * What a reader knows from a snapshot. Its pages are read one after the other while the plan continues,
 * so for each task the reader knows everything up to the newest event at the time its page was read.
 * The stream then continues with the events since the start of the snapshot, without the known ones.
 */
export interface Told {
  tell(taskIds: readonly string[], states: readonly TaskState[], newest: string): void
  /** Whether the snapshot already includes the event. */
  holds(event: { id: string; taskId: unknown }): boolean
  /** Text from before the snapshot is wanted only for running tasks. */
  wants(text: TextPiece): boolean
  /** A position before all wanted texts. */
  readonly firstText: string
}

/** @param start The newest event when the snapshot began. */
export function toldSince(start: string): Told {
  const running = new Map<string, TaskState>()
  /** Tasks read after newer events: the newest event at that time. */
  const later = new Map<string, string>()
  let last = start
  return {
    tell(taskIds, states, newest) {
      for (const [index, taskId] of taskIds.entries()) {
        const state = states[index]
        if (state?.status === 'running') running.set(taskId, state)
        if (newest !== start) later.set(taskId, newest)
      }
      last = newest
    },
    holds({ id, taskId }) {
      if (later.size === 0 || typeof taskId !== 'string') return false
      if (compareIds(id, last) > 0) {
        later.clear()
        return false
      }
      const known = later.get(taskId)
      return known !== undefined && compareIds(id, known) <= 0
    },
    wants({ id, taskId, attempt }) {
      if (running.get(taskId)?.attempt === attempt) return true
      return compareIds(id, later.get(taskId) ?? start) > 0
    },
    get firstText() {
      const began = [...running.values()].map(({ startedAt }) => startedAt ?? 0)
      return began.length === 0 ? start : `${Math.min(...began)}-0`
    },
  }
}

/** One page takes a few milliseconds of CPU time. */
const PAGE_BYTES = 500_000
/** For all readers of this process, so that other requests are served between two pages. */
const oneAtATime = inTurn()

/** The tasks of a snapshot, in pages that are read on demand. */
export async function* snapshotPages(
  deps: SnapshotDeps,
  { spec: { id: planId, waves } }: PlanRecord,
  taskIds: readonly string[],
  told: Told,
): AsyncGenerator<Record<string, unknown>[]> {
  const waveOf = waveNumbers(waves)
  for await (const ids of inPages(deps.tasks, planId, taskIds, PAGE_BYTES)) {
    yield await oneAtATime(async () => {
      const specs = await deps.tasks.specs(planId, ids)
      const states = await readStates(deps, planId, ids, told)
      return specs.flatMap((spec, index) => {
        const state = states[index]
        if (spec === undefined || state === undefined) return []
        const summary = taskSummary(planId, spec, state, waveOf.get(spec.id) ?? 1)
        const { timings, attemptCount, ...rest } = summary
        return [{ ...rest, attempt: attemptCount, ...timings }]
      })
    })
  }
}

const STATES_AT_ONCE = 500

/** For a reader that has all events and only needs to know which tasks run. */
export async function tellStates(
  deps: Pick<SnapshotDeps, 'events'>,
  planId: string,
  taskIds: readonly string[],
  told: Told,
): Promise<void> {
  for (let at = 0; at < taskIds.length; at += STATES_AT_ONCE) {
    await readStates(deps, planId, taskIds.slice(at, at + STATES_AT_ONCE), told)
  }
}

async function readStates(
  { events }: Pick<SnapshotDeps, 'events'>,
  planId: string,
  taskIds: readonly string[],
  told: Told,
): Promise<TaskState[]> {
  const read = await events.states(planId, taskIds)
  // Breaks the stream, so that a partial snapshot is not taken for a complete one.
  if (read === undefined) throw new ServiceError('plan-not-found', 'The plan was deleted.')
  told.tell(taskIds, read.states, read.newest)
  return read.states
}
