import { findingRef } from '../findings.ts'
import type { SynthesisDraft, TaskResult } from '../ports.ts'
import type { Conflict } from '../synthesis.ts'
import { addUsage } from '../usage.ts'
import { asFinding } from './combine-drafts.ts'
import { countOf, type DraftFinding, tasksOfRefs } from './draft-findings.ts'

// A tree of syntheses: the drafts of parts are the results of the level above. Refs of the level
// above name findings of the parts (`part-2/3`), and are resolved to refs of tasks.

/** The drafts of parts as results that a synthesizer can be given; the first is `part-1`. */
export function draftsAsResults(drafts: readonly SynthesisDraft[]): TaskResult[] {
  return drafts.map((draft, index) => ({
    taskId: partId(index),
    description: `Part ${index + 1} of ${drafts.length}`,
    status: 'succeeded',
    text: draft.summary,
    findings: draft.findings.map(asFinding),
  }))
}

/**
 * The draft that was written over `draftsAsResults(drafts)`, in terms of the tasks. What it does not
 * mention of the parts is put back as the part had it, with a note; conflicts of the parts are kept.
 */
export function resolveDraft(
  draft: SynthesisDraft,
  drafts: readonly SynthesisDraft[],
): { draft: SynthesisDraft; notes: string[] } {
  const findingOf = new Map(
    drafts.flatMap(({ findings }, part) =>
      findings.map((finding, index) => [findingRef(partId(part), index), finding] as const),
    ),
  )
  const used = new Set<string>()
  const take = (ref: string): string[] => {
    const finding = used.has(ref) ? undefined : findingOf.get(ref)
    used.add(ref)
    return finding?.from ?? []
  }
  const findings = draft.findings.map((finding) => ({
    ...finding,
    from: finding.from.flatMap(take),
  }))
  const dropped = draft.dropped.flatMap(({ finding, reason }) =>
    reason.trim() === '' ? [] : take(finding).map((ref) => ({ finding: ref, reason })),
  )
  const left = [...findingOf].filter(([ref]) => !used.has(ref)).map(([, finding]) => finding)
  return {
    draft: {
      ...draft,
      findings: [...findings, ...left],
      dropped: [...dropped, ...drafts.flatMap((part) => part.dropped)],
      conflicts: [
        ...draft.conflicts.map((conflict) => resolveConflict(conflict, drafts)),
        ...drafts.flatMap((part) => part.conflicts),
      ],
      usage: drafts.reduce((sum, { usage }) => addUsage(sum, usage), draft.usage),
    },
    notes:
      left.length === 0
        ? []
        : [`${countOf(left.length, 'finding')} of the parts left out of the whole put back.`],
  }
}

/** A part stands for the task whose recommendation it repeats, else for its first task. */
function resolveConflict(conflict: Conflict, drafts: readonly SynthesisDraft[]): Conflict {
  const sides = conflict.sides.map((side) => ({
    ...side,
    taskId: taskOfSide(side.taskId, side.recommendation, drafts),
  }))
  const named = conflict.between.map((part) => {
    const side = conflict.sides.findIndex(({ taskId }) => taskId === part)
    return sides[side]?.taskId ?? taskOfSide(part, '', drafts)
  })
  return {
    ...conflict,
    between: [...new Set([...sides.map(({ taskId }) => taskId), ...named])],
    sides,
  }
}

function taskOfSide(
  part: string,
  recommendation: string,
  drafts: readonly SynthesisDraft[],
): string {
  const draft = drafts[Number(/^part-(\d+)$/.exec(part)?.[1] ?? 0) - 1]
  const finding: DraftFinding | undefined =
    draft?.findings.find((each) => each.recommendation === recommendation) ?? draft?.findings[0]
  return tasksOfRefs(finding?.from ?? [])[0] ?? part
}

function partId(index: number): string {
  return `part-${index + 1}`
}
