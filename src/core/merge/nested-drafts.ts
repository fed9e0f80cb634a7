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

// Above the first level a model writes over drafts of parts, which were combined before. It is shown as
// many of the findings as fit, the most important first, each under the first of its refs; the others go
// on as they are.

/** Of a part's summary, in characters. */
const MAX_SUMMARY = 6_000

/** Topics that share less are two contradictions. */
const SAME_TOPIC = 0.5

/** Summaries of parts, and the first findings of what they are combined to, as results to write over. */
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
 * The draft that was written over `shown`, with everything else of `combined`: a ref stands for all
 * that its finding holds. What was shown and left out without a reason is put back as it was.
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
    // Those about findings that the model was shown have been rewritten.
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
