import { releaseUnits, sealBatch } from '../batch/release-units.ts'
import { isParking } from '../budget/allowance.ts'
import { finalSynthesisJobId } from '../ports/queue.ts'
import type { Patience, Upkeep } from '../ports/upkeep.ts'
import { AttemptAborted, type RunningTasks } from '../run/running-tasks.ts'
import type { ChangeDeps } from './change-deps.ts'
import { deletePlan } from './delete-plan.ts'
import { enqueueRetry } from './retry-tasks.ts'

export interface SweepDeps
  extends Pick<
    ChangeDeps,
    'plans' | 'tasks' | 'life' | 'queue' | 'reuse' | 'deliveries' | 'forgetDeliveries'
  > {
  upkeep: Upkeep
  onFault: (error: unknown, planId: string) => void
}

const PATIENCE: Patience = {
  // From being stored to being enqueued.
  submissionMs: 30_000,
  // Units take far less, and what two processes write is written in vain by one.
  synthesisMs: 3_000,
}
/** Expired plans are deleted in rounds, so that other upkeep gets its turn in between. */
const MOST_ROUNDS = 50
const DELETED_AT_ONCE = 25

/**
 * Finishes what dead processes left undone, and handles whatever is due or has expired. Processes
 * take turns of `turnMs`, so that many cost no more than one. Every step can be repeated, so two
 * running at the same time do no harm.
 */
export async function sweep(deps: SweepDeps, turnMs: number): Promise<void> {
  if (!(await deps.upkeep.takeTurn(turnMs))) return
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    if (!(await sweepRound(deps))) return
    await deps.upkeep.keepTurn(turnMs)
  }
}

/** Returns whether there may be more to delete than one round covers. */
async function sweepRound(deps: SweepDeps): Promise<boolean> {
  const due = await deps.upkeep.due(PATIENCE)
  const { overdue, expired, unsealed, releasing, unsettled, unwritten } = due
  for (const planId of overdue) {
    await guarded(deps, planId, async () => {
      const { released } = await deps.life.stop(
        planId,
        'plan-timeout',
        'The plan did not finish within its timeoutMs.',
      )
      if (released.length > 0) await releaseUnits(deps, await spec(deps, planId), released)
    })
  }
  for (const planId of unsettled) {
    await guarded(deps, planId, async () => {
      const released = await deps.life.settle(planId)
      if (released.length > 0) await releaseUnits(deps, await spec(deps, planId), released)
    })
  }
  for (const planId of unsealed) {
    await guarded(deps, planId, () => settleSubmission(deps, planId))
  }
  for (const planId of releasing) {
    await guarded(deps, planId, async () => {
      await releaseUnits(deps, await spec(deps, planId), await deps.life.released(planId))
    })
  }
  for (const planId of unwritten) {
    // The unit that writes it may still be at it: both write the same version, and the first one counts.
    const job = { planId, jobId: finalSynthesisJobId(planId, 0), kind: 'final' } as const
    await guarded(deps, planId, () => deps.queue.enqueueSynthesis(job))
  }
  let deleted = 0
  for (let at = 0; at < expired.length; at += DELETED_AT_ONCE) {
    const some = expired.slice(at, at + DELETED_AT_ONCE)
    await Promise.all(
      some.map((planId) =>
        guarded(deps, planId, async () => {
          await deleteExpired(deps, planId)
          deleted += 1
        }),
      ),
    )
  }
  // Plans that cannot be deleted now are retried in the next turn, not at once.
  return deleted > 0 && deleted === expired.length
}

async function deleteExpired(deps: SweepDeps, planId: string): Promise<void> {
  const record = await deps.plans.get(planId)
  if (record === undefined) await deps.upkeep.forget(planId)
  else await deletePlan(deps, record)
}

/**
 * Settles a plan that was stored but never marked as enqueued. Its batch was enqueued as a whole or
 * not at all: if one of its jobs is in the queue, only the mark was lost. If not, nobody was told
 * that the plan was accepted, and all of it has to go; a submission that is still running will
 * notice.
 */
async function settleSubmission(deps: SweepDeps, planId: string): Promise<void> {
  const record = await deps.plans.get(planId)
  if (record === undefined) return
  const retry = await deps.plans.unfinishedRetry(planId)
  if (retry !== undefined) return enqueueRetry(deps, record, retry)
  // One that is enqueued in slices may be there in part; nothing of it runs before the mark.
  const { units } = record.spec
  if (units.inSlices === undefined && (await deps.queue.hasBatch(planId, units))) {
    const { releasing } = await sealBatch(deps, record, 0, { all: [], held: [] })
    return releasing
  }
  const { tenant } = record.spec
  const settled = await deps.plans.settleSubmission(
    { planId, tenant },
    { giveUpAfterMs: PATIENCE.submissionMs },
  )
  if (settled.status === 'accepted') await releaseUnits(deps, record, settled.released)
}

/**
 * Releases held jobs of plans that are gone, or of units that nothing holds back. Processes leave
 * these behind if they die while enqueueing or deleting, or enqueue late. Otherwise nobody would
 * release them; a worker finds nothing to do, and they end.
 */
export async function sweepHeld(deps: {
  queue: Pick<SweepDeps['queue'], 'heldUnits' | 'release'>
  life: Pick<SweepDeps['life'], 'unheld'>
  onFault: SweepDeps['onFault']
}): Promise<void> {
  for (let page = 0; ; page += 1) {
    const held = await deps.queue.heldUnits(page)
    if (held.length === 0) return
    for (const [planId, units] of Map.groupBy(held, (unit) => unit.planId)) {
      await guarded(deps, planId, async () => {
        const numbers = units.map(({ unit }) => unit)
        const unheld = new Set(await deps.life.unheld(planId, numbers))
        // Jobs that move to an earlier page in the meantime are found next time.
        await deps.queue.release(
          planId,
          units.filter(({ unit }) => unheld.has(unit)),
        )
      })
    }
  }
}

async function spec(deps: SweepDeps, planId: string) {
  const record = await deps.plans.get(planId)
  if (record === undefined) throw new Error('the plan is gone')
  return record
}

async function guarded(
  deps: Pick<SweepDeps, 'onFault'>,
  planId: string,
  step: () => Promise<void>,
): Promise<void> {
  try {
    await step()
  } catch (error) {
    // A problem with one plan must not hold up the others.
    deps.onFault(error, planId)
  }
}

/**
 * Aborts tasks and syntheses that were stopped elsewhere, in case this worker missed the message.
 */
export async function abortStopped(
  life: SweepDeps['life'],
  running: RunningTasks,
  writing: RunningTasks,
): Promise<void> {
  const planIds = [...new Set([...running.planIds(), ...writing.planIds()])]
  if (planIds.length === 0) return
  for (const { planId, stop, cancels } of await life.stopped(planIds)) {
    if (stop !== undefined) {
      const reason = new AttemptAborted('cancelled', stop.message)
      if (!isParking(stop.code)) running.abort(planId, undefined, reason)
      // A plan that ran out of time or money still gets its synthesis.
      if (stop.code === 'deleted') writing.abort(planId, undefined, reason)
      if (stop.code === 'cancelled') writing.abortStopped(planId, reason)
    }
    for (const taskId of cancels) {
      running.abort(planId, taskId, new AttemptAborted('cancelled', 'The task was cancelled.'))
    }
  }
}
