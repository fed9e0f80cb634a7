import type { MergedEdits, Synthesis } from '../contract/synthesis.ts'
import { addUsage, type Usage } from '../contract/usage.ts'
import { withFindings } from '../findings/extract-findings.ts'
import type { SynthesisDraft, TaskResult } from '../ports/models.ts'
import type { Slice, SynthesisText } from '../ports/synthesis-parts.ts'
import { combineDrafts } from './combine-drafts.ts'
import { compareRuns } from './compare-runs.ts'
import { groupResults, type PartLimits, slicesOf } from './group-results.ts'
import { mergeFindings } from './merge-findings.ts'
import { resolveDraft, resultsOfDrafts } from './nested-drafts.ts'
import { type Evidence, leaveOutRefuted } from './settle-evidence.ts'
import { addRepairs, NO_REPAIRS } from './settle-findings.ts'
import { settleSynthesis } from './settle-synthesis.ts'
import { combineParts, type Part, reportedBy } from './synthesis-part.ts'
import { writeSummary } from './write-summary.ts'

// Work on all findings of a plan at once, which takes seconds for tens of thousands. Large values
// go in and out as JSON text, because text is cheap to hand to another thread.

/** What callers need to know about a part without parsing it. */
export type PartCounts = Pick<Part, 'written' | 'replaced' | 'usage'> & {
  model: string | undefined
}

/** Everything that goes into a version. */
export interface Settling {
  results: TaskResult[]
  /**
   * The draft of a single call, the part that all parts were combined into, or neither if the merge
   * writes the draft.
   */
  from:
    | { kind: 'merge' }
    | { kind: 'draft'; draft: SynthesisDraft }
    /** `summarised`: a model wrote its summary, covering the whole plan. */
    | { kind: 'part'; part: string; summarised: boolean }
  usage: SynthesisDraft['usage']
  model: string | undefined
  version: number
  /** ISO 8601. */
  createdAt: string
  preliminary: boolean
  notes: string[]
  edits: MergedEdits | undefined
  evidence?: Evidence | undefined
  /** What the findings are compared with: JSON of a `Synthesis`, and the plan that it is of. */
  previous?: { planId: string; json: string } | undefined
}

export const MERGING = {
  /** Which findings go into which part; a single part if all fit one call. */
  layOut: (results: TaskResult[], limits: PartLimits): Slice[][] =>
    groupResults(results, limits).map(slicesOf),

  /** Combines parts, and prepares what a model is shown to write over the result. */
  combine(texts: string[], limits: PartLimits): { part: string; shown: TaskResult[] } & PartCounts {
    const parts = texts.map((text) => JSON.parse(text) as Part)
    const whole = combineParts(parts)
    const drafts = parts.map(({ draft }) => draft)
    return {
      part: JSON.stringify(whole),
      shown: resultsOfDrafts(drafts, whole.draft, limits),
      ...countsOf(whole),
    }
  },

  /** The part that a model wrote after it was `shown` an extract of the part in `text`. */
  resolve(
    text: string,
    answer: SynthesisDraft,
    shown: TaskResult[],
    spent: Usage,
  ): { part: string } & PartCounts {
    const below = JSON.parse(text) as Part
    const { draft, repairs } = resolveDraft(answer, below.draft, shown)
    const part: Part = {
      draft,
      repairs: addRepairs(below.repairs, repairs),
      written: below.written + 1,
      replaced: below.replaced,
      usage: addUsage(below.usage, spent),
    }
    return { part: JSON.stringify(part), ...countsOf(part) }
  },

  /** Keeps a part as it is because the model that should rewrite it failed or was not asked. */
  replace(text: string, reason: string, spent: Usage): { part: string } & PartCounts {
    const part = JSON.parse(text) as Part
    part.replaced[reason] = (part.replaced[reason] ?? 0) + 1
    part.usage = addUsage(part.usage, spent)
    return { part: JSON.stringify(part), ...countsOf(part) }
  },

  /** The finished version, checked against what the tasks reported. */
  settle(settling: Settling): SynthesisText {
    const { from, results: given, model, usage, edits, evidence, previous, ...rest } = settling
    const results = withFindings(given)
    const part = from.kind === 'part' ? (JSON.parse(from.part) as Part) : undefined
    const written = part?.draft ?? draftOf(from, results)
    const { draft, changed } =
      evidence === undefined
        ? { draft: written, changed: false }
        : leaveOutRefuted(written, evidence)
    const drafted = remaining(draft, results, from, changed)
    const notes = [...rest.notes, ...(changed ? notesOnRefuted(from, draft) : [])]
    const synthesis = settleSynthesis({
      ...rest,
      notes,
      input: { results },
      draft: { ...drafted, usage, ...(model === undefined ? {} : { model }) },
      executor: from.kind === 'merge' ? 'merge' : 'model',
      repairs: part?.repairs ?? NO_REPAIRS,
      ...(edits === undefined ? {} : { edits }),
      evidence,
    })
    // In the summary itself: someone who reads only that must know that no model wrote it.
    if (from.kind === 'merge' && rest.notes.length > 0) {
      synthesis.summary = `> ${rest.notes.join(' ')}\n\n${synthesis.summary}`
    }
    if (previous !== undefined) {
      const earlier = JSON.parse(previous.json) as Synthesis
      compareRuns(synthesis, { planId: previous.planId, synthesis: earlier })
    }
    const { version, status, executor, model: author, preliminary } = synthesis
    return {
      version,
      status,
      executor,
      model: author,
      preliminary,
      json: JSON.stringify(synthesis),
    }
  },
}

/** The same operations, but asynchronous: they may run on another thread. */
export type Merging = {
  [Name in keyof typeof MERGING]: (
    ...args: Parameters<(typeof MERGING)[Name]>
  ) => Promise<ReturnType<(typeof MERGING)[Name]>>
}

function countsOf({ written, replaced, usage, draft }: Part): PartCounts {
  return { written, replaced, usage, model: draft.model }
}

function draftOf(from: Settling['from'], results: TaskResult[]): SynthesisDraft {
  return from.kind === 'draft' ? from.draft : mergeFindings(results)
}

/** The draft without refuted findings. Its summary is rewritten if it described any of them. */
function remaining(
  draft: SynthesisDraft,
  results: readonly TaskResult[],
  from: Settling['from'],
  changed: boolean,
): SynthesisDraft {
  if (from.kind === 'part') {
    return wholeOf(draft, results, changed ? { ...from, summarised: false } : from)
  }
  if (!changed) return draft
  const { findings, conflicts, actions } = draft
  return { ...draft, summary: writeSummary({ results, findings, conflicts, actions }) }
}

function notesOnRefuted(from: Settling['from'], { data }: SynthesisDraft): string[] {
  const notes: string[] = []
  if (from.kind === 'draft' || (from.kind === 'part' && from.summarised)) {
    notes.push(
      "The model's summary mentioned refuted findings, so this one was written from the others.",
    )
  }
  if (data !== undefined) notes.push('Its `data` was written before findings were refuted.')
  return notes
}

/** Adds the findings of tasks that ended after the parts were laid out. */
function wholeOf(
  draft: SynthesisDraft,
  results: readonly TaskResult[],
  from: Settling['from'],
): SynthesisDraft {
  const covered = new Set([
    ...draft.findings.flatMap((finding) => finding.from),
    ...draft.dropped.map(({ finding }) => finding),
  ])
  const late = results.filter(
    (result) =>
      result.findings.length > 0 &&
      ![...reportedBy([result]).keys()].some((ref) => covered.has(ref)),
  )
  const whole = late.length === 0 ? draft : combineDrafts([draft, mergeFindings(late)], results)
  if (from.kind === 'part' && from.summarised) return { ...whole, summary: draft.summary }
  const { findings, conflicts, actions } = whole
  return { ...whole, summary: writeSummary({ results, findings, conflicts, actions }) }
}
