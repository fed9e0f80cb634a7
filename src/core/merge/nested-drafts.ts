import type { Conflict } from '../contract/synthesis.ts'
import type { SynthesisDraft, TaskResult } from '../ports/models.ts'
import { shorten } from '../text/shorten.ts'
import { estimateTokens } from '../text/tokens.ts'
import { jaccard, stems } from '../text/words.ts'
import { asFinding } from './combine-drafts.ts'
import { type DraftFinding, taskOfRef } from './draft-findings.ts'
import type { PartLimits } from './group-results.ts'
import { mergeActions } from './merge-actions.ts'
import type { Repairs } from './settle-findings.ts'
import { completeDraft } from './synthesis-part.ts'

// Above the first level, a model writes over the combined drafts of parts. It is shown as many
// findings as fit, the most important first, each under the first of its refs. The others are
// passed on unchanged.

/** Characters of each part's summary that are shown. */
const MAX_SUMMARY = 6_000

/** Topics less alike than this are two contradictions. */
const SAME_TOPIC = 0.5

/**
 * The parts' summaries and the top findings of the combined draft, in the form of results for a
 * model.
 */
export function resultsOfDrafts(
  drafts: readonly SynthesisDraft[],
  combined: SynthesisDraft,
  limits: PartLimits,
): TaskResult[] {
  const summaries = drafts.map(({ summary }, index) => ({
    taskId: `part-${index + 1}`,
    description: `Summary of part ${index + 1} of ${drafts.length}`,
    status: 'succeeded' as const,
    text: shorten(summary, MAX_SUMMARY),
    findings: [],
  }))
  const left = limits.tokens - estimateTokens(summaries.map(({ text }) => text).join('\n'))
  const tasks = new Map<string, TaskResult & { refs: string[] }>()
  let used = 0
  for (const finding of combined.findings.slice(0, limits.findings)) {
    const [ref = ''] = finding.from
    const shown = asFinding(finding)
    used += estimateTokens(JSON.stringify(shown))
    if (used > left && tasks.size > 0) break
    const taskId = taskOfRef(ref)
    const task = tasks.get(taskId) ?? {
      taskId,
      description: 'findings of this task and of those that found the same',
      status: 'succeeded' as const,
      text: '',
      findings: [],
      refs: [],
    }
    tasks.set(taskId, task)
    task.findings.push(shown)
    task.refs.push(ref)
  }
  return [...summaries, ...tasks.values()]
}

/**
 * Completes the draft that was written over `shown` with everything else in `combined`. A ref
 * stands for all refs of its finding. Findings that were shown and left out without a reason are
 * put back unchanged.
 */
export function resolveDraft(
  answer: SynthesisDraft,
  combined: SynthesisDraft,
  shown: readonly TaskResult[],
): { draft: SynthesisDraft; repairs: Repairs } {
  const shownRefs = new Set(shown.flatMap(({ refs }) => refs ?? []))
  const findingOf = new Map<string, DraftFinding>()
  const handleOf = new Map<string, string>()
  const rest: DraftFinding[] = []
  for (const finding of combined.findings) {
    const [handle = ''] = finding.from
    if (!shownRefs.has(handle)) {
      rest.push(finding)
      continue
    }
    findingOf.set(handle, finding)
    for (const ref of finding.from) handleOf.set(ref, handle)
  }
  const handle = (ref: string) => handleOf.get(ref) ?? ref
  const { draft, repairs } = completeDraft(
    {
      ...answer,
      findings: answer.findings.map((finding) => ({
        ...finding,
        from: [...new Set(finding.from.map(handle))],
      })),
      dropped: answer.dropped.map((each) => ({ ...each, finding: handle(each.finding) })),
    },
    new Map(
      [...findingOf].map(([ref, finding]) => [
        ref,
        { ref, taskId: taskOfRef(ref), finding: asFinding(finding) },
      ]),
    ),
  )
  const all = (ref: string) => findingOf.get(ref)?.from ?? []
  const written = draft.findings.map((finding) => ({
    ...finding,
    from: finding.from.flatMap(all),
  }))
  const findings = [...written, ...rest]
  const placeOfRest = new Map(rest.map((finding, place) => [finding, written.length + place]))
  const actionsOfRest = combined.actions.flatMap((action) => {
    const places = action.findings.map((index) => {
      const finding = combined.findings[index]
      return finding === undefined ? undefined : placeOfRest.get(finding)
    })
    // The model has rewritten the actions about findings that it was shown.
    const known = places.flatMap((place) => place ?? [])
    return known.length === 0 || known.length < places.length
      ? []
      : [{ ...action, findings: known }]
  })
  return {
    draft: {
      ...draft,
      findings,
      dropped: [
        ...draft.dropped.flatMap(({ finding, reason }) =>
          all(finding).map((ref) => ({ finding: ref, reason })),
        ),
        ...combined.dropped,
      ],
      putBack: [...(draft.putBack ?? []), ...(combined.putBack ?? [])],
      conflicts: [
        ...draft.conflicts,
        ...combined.conflicts.filter((known) => !draft.conflicts.some((one) => same(one, known))),
      ],
      actions: [...draft.actions, ...mergeActions(findings, actionsOfRest)],
    },
    repairs,
  }
}

function same(one: Conflict, other: Conflict): boolean {
  const tasks = new Set(one.between)
  const shared = other.between.filter((task) => tasks.has(task)).length
  return shared >= 2 && jaccard(stems(one.about), stems(other.about)) >= SAME_TOPIC
}
