import { DEFAULT_DEADLINE_MS } from '../contract/submission.ts'
import { takeSlices } from '../merge/group-results.ts'
import type { Merging, PartCounts } from '../merge/merge-operations.ts'
import { levelsOf, partsBelow, placesOn } from '../merge/part-tree.ts'
import { replacedPart, writtenPart } from '../merge/synthesis-part.ts'
import type { SynthesisInput } from '../ports/models.ts'
import type { PlanStore } from '../ports/plan-store.ts'
import type { BatchQueue, PartJob, SynthesisJob } from '../ports/queue.ts'
import type { PlanRecord } from '../ports/records.ts'
import type { PartPlace, Slice } from '../ports/synthesis-parts.ts'
import type { PartStore } from '../ports/synthesis-store.ts'
import type { TaskStore } from '../ports/task-life.ts'
import type { RunningTasks } from '../run/running-tasks.ts'
import {
  CALL_LIMITS,
  type DraftDeps,
  draftOver,
  means,
  optionsOf,
  type Writing,
} from './draft-synthesis.ts'
import { readResults } from './read-results.ts'

// A synthesis that is too large for one call is written in parts. They are jobs of the plan's flow
// that any worker runs, and each is stored once. The synthesis's own job spreads one level after
// another, and waits in the queue in between without occupying a slot.

/** Replaced by the signal of each try. */
const NEVER = new AbortController().signal

export interface PartDeps extends DraftDeps {
  plans: PlanStore
  tasks: TaskStore
  parts: PartStore
  merging: Merging
  /** Syntheses and parts being written in this process, so that a cancellation reaches them. */
  writing: Pick<RunningTasks, 'track'>
  /** Runs something that may take hours, while other parts may be written. */
  aside?: (<T>(wait: () => Promise<T>) => Promise<T>) | undefined
}

/**
 * Enqueues the parts of the lowest unfinished level. False if all parts exist, so that the
 * synthesis can be assembled. Repeating it changes nothing, so a crash at any point is harmless.
 */
export async function spreadParts(
  deps: { parts: PartStore; queue: Pick<BatchQueue, 'enqueueParts'> },
  job: SynthesisJob,
  layout: readonly Slice[][],
): Promise<boolean> {
  const levels = levelsOf(layout.length)
  const kept = new Set((await deps.parts.places(job.planId, job.jobId)).map(keyOf))
  for (let level = 1; level <= levels.length; level += 1) {
    const missing = placesOn(levels, level).filter((place) => !kept.has(keyOf(place)))
    if (missing.length === 0) continue
    await deps.queue.enqueueParts(job, missing)
    return true
  }
  return false
}

/**
 * Writes one part and stores it. If the model fails three times, or the plan was stopped, the
 * deterministic merge writes it. If it runs again after a crash, it finds the part or writes it.
 */
export async function writePart(
  deps: PartDeps,
  job: PartJob,
  signal: AbortSignal,
): Promise<'done' | 'give-back'> {
  const { planId, jobId, of, place } = job
  const [begun, plan, layout] = await Promise.all([
    deps.parts.begin(job),
    deps.plans.get(planId),
    deps.parts.layout(planId, of.jobId),
  ])
  if (begun === 'over' || plan === undefined || layout === undefined) return 'done'
  const tracked = deps.writing.track(planId, jobId, of.afterStop === true)
  try {
    const writing: Writing = {
      plan,
      job: of,
      options: optionsOf(plan, of),
      signal,
      cancelled: tracked.controller.signal,
      ...means(deps, plan, jobId),
      relaxed: relaxedTime(deps, plan),
    }
    const part =
      place.level === 1
        ? await writeLeaf(deps, writing, layout, place)
        : await putTogether(deps, writing, partsBelow(levelsOf(layout.length), place), undefined)
    if (part === 'give-back') return part
    await deps.parts.keep(job, part.part, writing.usage.total())
    return 'done'
  } finally {
    tracked.done()
  }
}

function relaxedTime({ aside }: PartDeps, { spec }: PlanRecord): Writing['relaxed'] {
  const { urgency, deadlineMs = DEFAULT_DEADLINE_MS } = spec.policy
  if (urgency !== 'relaxed' || aside === undefined) return undefined
  return { deadlineMs, aside: (wait) => aside(() => wait(NEVER)) }
}

async function writeLeaf(
  deps: PartDeps,
  writing: Writing,
  layout: readonly Slice[][],
  { index }: PartPlace,
): Promise<{ part: string } | 'give-back'> {
  const slices = layout[index] ?? []
  const planTasks = new Set(layout.flat().map(({ taskId }) => taskId)).size
  const ids = slices.map(({ taskId }) => taskId)
  const read = await readResults(deps, writing.plan.spec.id, ids, planTasks)
  const results = takeSlices(read, slices, CALL_LIMITS)
  const answer = await draftOver(deps, writing, results, undefined)
  if (answer === 'give-back') return answer
  const spent = writing.usage.total()
  const part =
    'failure' in answer
      ? replacedPart(results, answer.failure, spent)
      : writtenPart(answer.draft, results, spent)
  return { part: JSON.stringify(part) }
}

/**
 * Combines parts: first it merges duplicates and finds contradictions across them, then the model
 * writes over the most important findings. If no model wrote any of the parts, it is not asked
 * again.
 */
export async function putTogether(
  deps: PartDeps,
  writing: Writing,
  places: readonly PartPlace[],
  outputSchema: SynthesisInput['outputSchema'],
): Promise<({ part: string; summarised: boolean } & PartCounts) | 'give-back'> {
  const texts = await deps.parts.read(writing.plan.spec.id, writing.job.jobId, places)
  const known = texts.flatMap((text) => text ?? [])
  // Happens only if the version was stored elsewhere or the plan was deleted; the next delivery
  // finds out.
  if (known.length < places.length) return 'give-back'
  const { shown, ...whole } = await deps.merging.combine(known, CALL_LIMITS)
  if (whole.written === 0) return { ...whole, summarised: false }
  const answer = await draftOver(deps, writing, shown, outputSchema)
  if (answer === 'give-back') return answer
  const spent = writing.usage.total()
  return 'failure' in answer
    ? { ...(await deps.merging.replace(whole.part, answer.failure, spent)), summarised: false }
    : { ...(await deps.merging.resolve(whole.part, answer.draft, shown, spent)), summarised: true }
}

function keyOf({ level, index }: PartPlace): string {
  return `${level} ${index}`
}
