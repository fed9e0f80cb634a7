import { isUnavailable } from '../contract/errors.ts'
import { pause } from '../timing/pause.ts'
import type { RunUnitDeps, UnitJob } from './run-deps.ts'
import { followUp, type Ran, runTask } from './run-task.ts'
import { untilAvailable } from './until-available.ts'

const STORE_AWAY_MS = 1_000

/**
 * Runs tasks of a plan until none are left or it is another plan's turn: in parallel as far as
 * there are slots, or one after another if the plan has a limit. Each task is only chosen when a
 * slot becomes free, so no task waits behind another while there is room anywhere.
 */
export async function runBundle(
  deps: RunUnitDeps,
  job: UnitJob,
  lost: AbortSignal,
  delivery: number,
): Promise<Ran> {
  const over = new AbortController()
  const count = job.width === 1 ? 1 : job.bundle
  const runners = Array.from({ length: count }, () => runNext(deps, job, { lost, delivery, over }))
  const results = await Promise.allSettled(runners)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  const ran = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
  if (ran.includes('give-back')) return 'give-back'
  return ran.includes('over') ? 'over' : 'done'
}

interface Delivered {
  lost: AbortSignal
  delivery: number
  /** Aborts when nothing is left for the bundle, so that runners stop waiting for a slot. */
  over: AbortController
}

async function runNext(
  deps: RunUnitDeps,
  job: UnitJob,
  { lost, delivery, over }: Delivered,
): Promise<Ran> {
  const { planId, unit, round } = job
  const halt = AbortSignal.any([lost, deps.stopping, over.signal])
  // Only the end of the plan's last task tells it, so it is kept until this runner has ended.
  let isPlanOver = false
  const ended = () => (isPlanOver ? 'over' : 'done')
  while (true) {
    if (lost.aborted || over.signal.aborted) return ended()
    if (deps.stopping.aborted) return 'give-back'
    const releaseSlot = await deps.acquireSlot(job, halt)
    if (releaseSlot === undefined) continue
    const token = deps.newToken()
    try {
      const begin = { planId, taskId: undefined, token, unit, round, delivery }
      const [begun, plan] = await Promise.all([deps.life.begin(begin), deps.plans.load(planId)])
      if (plan !== undefined) await followUp(deps, plan, `unit ${unit}`, begun.released, undefined)
      if (plan === undefined || begun.status === 'none' || begun.status === 'gone') {
        over.abort()
        isPlanOver ||= begun.isOver
        return ended()
      }
      const { taskId } = begun
      if (begun.status === 'ended') continue
      if (begun.status === 'wait') {
        releaseSlot()
        const ran = await runTask(deps, job, taskId, { lost, delivery })
        if (ran === 'give-back') return ran
        isPlanOver ||= ran === 'over'
        continue
      }
      const issuing =
        begun.issued === undefined ? undefined : issueBundle(deps, job, begun.issued, halt)
      issuing?.catch(() => undefined)
      const ran = await runTask(
        deps,
        job,
        taskId,
        { lost, delivery },
        { begun, plan, token, releaseSlot },
      )
      await issuing
      if (ran === 'give-back') return ran
      isPlanOver ||= ran === 'over'
      if (!begun.goesOn) return ended()
    } catch (error) {
      if (!isUnavailable(error)) throw error
      releaseSlot()
      await pause(STORE_AWAY_MS, halt)
    } finally {
      releaseSlot()
    }
  }
}

/** Enqueues one more bundle of the plan, for slots on other workers. */
async function issueBundle(
  deps: RunUnitDeps,
  job: UnitJob,
  unit: number,
  halt: AbortSignal,
): Promise<void> {
  const bundle = { ...job, unit, round: job.round + 1, priority: 0, held: false }
  // If this is given up together with its job, the next worker that takes the job does it again.
  await untilAvailable(() => deps.queue.enqueueBundle(bundle), halt).catch((error: unknown) => {
    if (!halt.aborted) throw error
  })
}
