import type { MergedEdits } from '../contract/synthesis.ts'
import { addUsage, type Usage } from '../contract/usage.ts'
import { withFindings } from '../findings/extract-findings.ts'
import type { SynthesisDraft, TaskResult } from '../ports/models.ts'
import type { Slice, SynthesisText } from '../ports/synthesis-parts.ts'
import { combineDrafts } from './combine-drafts.ts'
import { groupResults, type PartLimits, slicesOf } from './group-results.ts'
import { mergeFindings } from './merge-findings.ts'
import { resolveDraft, resultsOfDrafts } from './nested-drafts.ts'
import { type Evidence, leaveOutRefuted } from './settle-evidence.ts'
import { addRepairs, NO_REPAIRS } from './settle-findings.ts'
import { settleSynthesis } from './settle-synthesis.ts'
import { combineParts, type Part, reportedBy } from './synthesis-part.ts'
import { writeSummary } from './write-summary.ts'

// The work on all findings of a plan at once, which takes seconds for some ten thousand. What is large
// goes in and out as JSON text, because a text is cheap to hand to another thread.

/** What is asked about a part without reading it. */
export type PartCounts = Pick<Part, 'written' | 'replaced' | 'usage'> & {
  model: string | undefined
}

/** Everything that a version is made of. */
export interface Settling {
  results: TaskResult[]
  /** The draft of one call, or the part that all parts were put together to; else the merge writes it. */
  from:
    | { kind: 'merge' }
    | { kind: 'draft'; draft: SynthesisDraft }
    /** `summarised`: a model has written its summary, over the whole. */
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
}

export const MERGING = {
  /** Which findings go into which part; one part, when all fit a single call. */
  layOut: (results: TaskResult[], limits: PartLimits): Slice[][] =>
    groupResults(results, limits).map(slicesOf),

  /** Parts in one, and what a model is shown to write over it. */
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

  /** The part that a model wrote over what it was `shown` of the one that `text` is. */
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

  /** The same part, where the model that was to write over it failed, or was not to be asked. */
  replace(text: string, reason: string, spent: Usage): { part: string } & PartCounts {
    const part = JSON.parse(text) as Part
    part.replaced[reason] = (part.replaced[reason] ?? 0) + 1
    part.usage = addUsage(part.usage, spent)
    return { part: JSON.stringify(part), ...countsOf(part) }
  },

  /** The version, checked against what the tasks reported. */
  settle(settling: Settling): SynthesisText {
    const { from, results: given, model, usage, edits, evidence, ...rest } = settling
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
    // In the summary itself: a reader of the summary alone must know that no model wrote it.
    if (from.kind === 'merge' && rest.notes.length > 0) {
      synthesis.summary = `> ${rest.notes.join(' ')}\n\n${synthesis.summary}`
    }
    const { version, status, executor } = synthesis
    return { version, status, executor, model: synthesis.model, json: JSON.stringify(synthesis) }
  },
}

/** The same, wherever it is done. */
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

/** What is left of a draft; its summary is written again where it told of what was refuted. */
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
      "The model's summary told of findings that are refuted, so this one is written from the others.",
    )
  }
  if (data !== undefined) notes.push('Its `data` was written before findings were refuted.')
  return notes
}

/** With the findings of tasks that ended since the parts were laid out. */
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
