import { refOf } from '../contract/findings.ts'
import { addUsage, NO_USAGE, type Usage } from '../contract/usage.ts'
import { withFindings } from '../findings/extract-findings.ts'
import type { SynthesisDraft, TaskResult } from '../ports/models.ts'
import { combineDrafts } from './combine-drafts.ts'
import { taskOfRef } from './draft-findings.ts'
import { mergeFindings } from './merge-findings.ts'
import {
  addRepairs,
  NO_REPAIRS,
  type Repairs,
  type Reported,
  settleFindings,
} from './settle-findings.ts'

/** Part of a synthesis: a draft that contains every finding of its tasks exactly once. */
export interface Part {
  draft: SynthesisDraft
  repairs: Repairs
  /** How many parts in it, including itself, a model wrote. */
  written: number
  /** How many the deterministic merge wrote instead, by reason: `stopped`, or a failure code. */
  replaced: Record<string, number>
  /** The usage of all calls, including those of the parts in it. */
  usage: Usage
}

/** A part that a model wrote over results, completed so that it accounts for all their findings. */
export function writtenPart(
  draft: SynthesisDraft,
  results: readonly TaskResult[],
  usage: Usage,
): Part {
  return { ...completeDraft(draft, reportedBy(results)), written: 1, replaced: {}, usage }
}

/** A part that the deterministic merge wrote instead of a model. */
export function replacedPart(results: readonly TaskResult[], reason: string, usage: Usage): Part {
  return {
    draft: mergeFindings(results),
    repairs: NO_REPAIRS,
    written: 0,
    replaced: { [reason]: 1 },
    usage,
  }
}

/** Combines parts without a model. */
export function combineParts(parts: readonly Part[]): Part {
  const replaced: Record<string, number> = {}
  for (const part of parts) {
    for (const [reason, count] of Object.entries(part.replaced)) {
      replaced[reason] = (replaced[reason] ?? 0) + count
    }
  }
  return {
    draft: combineDrafts(
      parts.map(({ draft }) => draft),
      [],
    ),
    repairs: parts.reduce((sum, { repairs }) => addRepairs(sum, repairs), NO_REPAIRS),
    written: parts.reduce((sum, { written }) => sum + written, 0),
    replaced,
    usage: parts.reduce((sum, { usage }) => addUsage(sum, usage), NO_USAGE),
  }
}

export function reportedBy(results: readonly TaskResult[]): Map<string, Reported> {
  return new Map(
    withFindings(results).flatMap((result) =>
      result.findings.map((finding, index): [string, Reported] => {
        const ref = refOf(result, index)
        return [ref, { ref, taskId: taskOfRef(ref), finding }]
      }),
    ),
  )
}

/**
 * A draft that contains each of the findings exactly once, whatever its writer did; see
 * `settleFindings`.
 */
export function completeDraft(
  draft: SynthesisDraft,
  reported: ReadonlyMap<string, Reported>,
): { draft: SynthesisDraft; repairs: Repairs } {
  const { findings, dropped, repairs } = settleFindings(draft, reported)
  const placeOfDraft = new Map(findings.map(({ draftIndex }, place) => [draftIndex, place]))
  const putBack = findings.filter((each) => each.putBack).flatMap(({ from }) => from)
  return {
    draft: {
      ...draft,
      findings: findings.map(({ finding: { sources: _, ...finding }, from }) => ({
        ...finding,
        from,
      })),
      dropped: [...dropped].map(([finding, reason]) => ({ finding, reason })),
      putBack: [...(draft.putBack ?? []), ...putBack],
      actions: draft.actions.flatMap((action) => {
        const places = action.findings.flatMap((index) => placeOfDraft.get(index) ?? [])
        return action.findings.length > 0 && places.length === 0
          ? []
          : [{ ...action, findings: places }]
      }),
    },
    repairs,
  }
}
