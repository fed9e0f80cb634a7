import type {
  Action,
  Conflict,
  Coverage,
  LedgerEntry,
  MergedEdits,
  Synthesis,
  SynthesisFinding,
} from '../contract/synthesis.ts'
import { withFindings } from '../findings/extract-findings.ts'
import type { SynthesisDraft, SynthesisInput, TaskResult } from '../ports/models.ts'
import { unnamedConflicts } from './conflicts/unnamed-conflicts.ts'
import { countOf } from './draft-findings.ts'
import { missingEdits } from './missing-edits.ts'
import { byRank } from './rank-findings.ts'
import { type Evidence, refutedFindings, verificationOf } from './settle-evidence.ts'
import {
  addRepairs,
  describeRepairs,
  NO_REPAIRS,
  type Repairs,
  type Reported,
  settleFindings,
} from './settle-findings.ts'
import { reportedBy } from './synthesis-part.ts'
import { inWords, verificationFindings } from './verified-edits.ts'
import { writeSummary } from './write-summary.ts'

/**
 * Turns a draft into a synthesis that is sound whatever its writer did: every finding of every task
 * is in the ledger exactly once. Unknown and repeated refs are removed; findings left out without a
 * reason are put back; severity and confidence are a pair that one of the sources gave; actions and
 * conflicts refer only to what exists; contradictions that a model passed over are added. Each kind
 * of repair gets a note.
 */
export function settleSynthesis(options: {
  draft: SynthesisDraft
  input: Pick<SynthesisInput, 'results'>
  executor: 'model' | 'merge'
  version: number
  /** ISO 8601. */
  createdAt: string
  preliminary: boolean
  notes?: readonly string[]
  /** Repairs that were made earlier, to parts of the draft. */
  repairs?: Repairs
  edits?: MergedEdits
  /** What was checked and voted on. Its refuted findings must not be in `input.results`. */
  evidence?: Evidence | undefined
}): Synthesis {
  const { draft, executor, version, createdAt, preliminary } = options
  const notes = [...(options.notes ?? [])]
  const results = withFindings(options.input.results)
  const reported = reportedBy(results)
  const settled = settleFindings(draft, reported)
  notes.push(...describeRepairs(addRepairs(options.repairs ?? NO_REPAIRS, settled.repairs)))
  const all = [...settled.findings, ...verificationFindings(options.edits)]
  const compare = byRank(all.map(({ finding }) => finding))
  const ranked = all
    .map((each, place) => ({ ...each, place }))
    .sort((a, b) => compare(a.finding, b.finding) || a.place - b.place)
    .map((each, index) => ({ ...each, id: `f-${index + 1}` }))
  const { evidence } = options
  const findings = ranked.map(
    ({ id, finding, from }): SynthesisFinding => ({
      id,
      ...finding,
      // A finding without a source comes from a command that was run, so there is nothing to check.
      ...(evidence === undefined || from.length === 0
        ? {}
        : { verification: verificationOf(from, evidence) }),
    }),
  )
  const refuted = evidence && refutedFindings(evidence, findings.length + 1)
  const idOfDraft = new Map(
    ranked.flatMap(({ draftIndex, id }) => (draftIndex === undefined ? [] : [[draftIndex, id]])),
  )
  const conflicts = settleConflicts(draft.conflicts, results, notes)
  if (executor === 'model') {
    const groups = ranked.map(({ from }) => from)
    const unnamed = unnamedConflicts(conflicts, groups, reported)
    conflicts.push(...unnamed)
    if (unnamed.length > 0) {
      notes.push(
        `Added ${countOf(unnamed.length, 'contradiction')} that the model did not mention.`,
      )
    }
  }
  const actions = settleActions(draft.actions, idOfDraft, notes)
  return {
    version,
    status: 'succeeded',
    executor,
    ...(draft.model === undefined ? {} : { model: draft.model }),
    createdAt,
    preliminary,
    summary: withMissingEdits(
      withRefuted(
        settleSummary(draft, { results, ranked, conflicts, actions }, notes),
        evidence?.refuted ?? [],
      ),
      options.edits,
    ),
    findings: [...findings, ...(refuted?.findings ?? [])],
    conflicts,
    actions,
    ledger: inOrder(results, [
      ...writeLedger(reported, ranked, settled.dropped, new Set(draft.putBack)),
      ...(refuted?.ledger ?? []),
    ]),
    coverage: coverageOf(results),
    ...(options.edits === undefined ? {} : { edits: options.edits }),
    ...(draft.data === undefined ? {} : { data: draft.data }),
    notes,
    usage: draft.usage,
  }
}

/** Someone who reads only the summary must know that findings were left out, and why. */
function withRefuted(summary: string, refuted: Evidence['refuted']): string {
  const byVotes = refuted.filter(({ ballot }) => ballot !== undefined).length
  if (refuted.length === 0) return summary
  const sentences = [
    leftOut(refuted.length - byVotes, "is not in the plan's files"),
    leftOut(byVotes, 'was refuted by most verifiers'),
  ].filter((sentence) => sentence !== '')
  return [summary.trimEnd(), ...sentences].join('\n\n')
}

function leftOut(count: number, why: string): string {
  if (count === 0) return ''
  return count === 1
    ? `1 reported finding is left out here: what it says ${why}. It is listed last, marked as refuted.`
    : `${count} reported findings are left out here: what they say ${why}. They are listed last, marked as refuted.`
}

/** Put first, because nothing else shows that the patch lacks edits of a task, or failed verification. */
function withMissingEdits(summary: string, edits: MergedEdits | undefined): string {
  const missing = edits && missingEdits(edits)
  const verification = edits?.verification
  const lines = [
    ...(missing === undefined ? [] : [`> **${missing.message}**`]),
    ...(verification === undefined ? [] : [`> **${inWords(verification)}**`]),
  ]
  return [...lines, summary].join('\n\n')
}

/** By task, then by number. */
function inOrder(results: readonly TaskResult[], ledger: LedgerEntry[]): LedgerEntry[] {
  const places = new Map(results.map(({ taskId }, place) => [taskId, place]))
  const keyed = ledger.map((entry) => {
    const slash = entry.finding.lastIndexOf('/')
    const task = places.get(entry.finding.slice(0, slash)) ?? 0
    return { entry, task, number: Number(entry.finding.slice(slash + 1)) }
  })
  return keyed.sort((a, b) => a.task - b.task || a.number - b.number).map(({ entry }) => entry)
}

interface Ranked {
  id: string
  finding: Omit<SynthesisFinding, 'id'>
  kept: string
  from: readonly string[]
  putBack: boolean
}

/** One entry per finding, in the order of the tasks. */
function writeLedger(
  reported: ReadonlyMap<string, Reported>,
  ranked: readonly Ranked[],
  dropped: ReadonlyMap<string, string>,
  putBack: ReadonlySet<string>,
): LedgerEntry[] {
  const homes = new Map(ranked.flatMap((each) => each.from.map((ref) => [ref, each] as const)))
  return [...reported.keys()].map((ref): LedgerEntry => {
    const home = homes.get(ref)
    if (home === undefined) {
      return { finding: ref, fate: 'dropped', reason: dropped.get(ref) ?? 'no reason was given' }
    }
    const reasons = [
      ...(home.kept === ref ? [] : [`the same as ${home.kept}`]),
      ...(home.putBack || putBack.has(ref) ? ['put back: it was left out without a reason'] : []),
    ]
    return {
      finding: ref,
      fate: home.kept === ref ? 'kept' : 'merged',
      into: home.id,
      ...(reasons.length === 0 ? {} : { reason: reasons.join('; ') }),
    }
  })
}

function settleConflicts(
  drafted: readonly Conflict[],
  results: readonly TaskResult[],
  notes: string[],
): Conflict[] {
  const known = new Set(results.map(({ taskId }) => taskId))
  const settled = drafted.map((conflict) => ({
    ...conflict,
    between: [...new Set(conflict.between)].filter((taskId) => known.has(taskId)),
    sides: conflict.sides.filter(({ taskId }) => known.has(taskId)),
  }))
  const conflicts = settled.filter(({ between }) => between.length >= 2)
  const unknown = drafted.some(
    ({ between, sides }) =>
      between.some((taskId) => !known.has(taskId)) ||
      sides.some(({ taskId }) => !known.has(taskId)),
  )
  if (unknown) notes.push('Tasks that do not exist were removed from conflicts.')
  const removed = drafted.length - conflicts.length
  if (removed > 0) {
    notes.push(`Removed ${countOf(removed, 'conflict')} not between two tasks of the plan.`)
  }
  return conflicts
}

function settleActions(
  drafted: SynthesisDraft['actions'],
  idOfDraft: ReadonlyMap<number, string>,
  notes: string[],
): Action[] {
  let unknown = 0
  const actions = drafted.flatMap(({ action, why, findings }) => {
    const ids = findings.flatMap((index) => idOfDraft.get(index) ?? [])
    unknown += findings.length - ids.length
    // Advice on the whole plan names no finding; advice that only names unknown ones is dropped.
    if (action.trim() === '' || (findings.length > 0 && ids.length === 0)) return []
    return [{ action, why, findings: [...new Set(ids)] }]
  })
  if (unknown > 0) {
    notes.push(`Removed ${countOf(unknown, 'reference')} in actions to findings that do not exist.`)
  }
  const removed = drafted.length - actions.length
  if (removed > 0) notes.push(`Removed ${countOf(removed, 'action')} without a finding or a text.`)
  return actions.map((action, index) => ({ rank: index + 1, ...action }))
}

function settleSummary(
  draft: SynthesisDraft,
  settled: {
    results: readonly TaskResult[]
    ranked: readonly Ranked[]
    conflicts: readonly Conflict[]
    actions: readonly Action[]
  },
  notes: string[],
): string {
  if (draft.summary.trim() !== '') return draft.summary
  notes.push('The summary was empty; this one is written from the findings.')
  return writeSummary({
    results: settled.results,
    findings: settled.ranked.map(({ finding, from }) => ({ ...finding, from: [...from] })),
    conflicts: settled.conflicts,
    actions: settled.actions.map(({ action, why }) => ({ action, why, findings: [] })),
  })
}

function coverageOf(results: readonly TaskResult[]): Coverage {
  return {
    succeeded: results.filter(({ status }) => status === 'succeeded').map(({ taskId }) => taskId),
    missing: results
      .filter(({ status }) => status !== 'succeeded')
      .map(({ taskId, status, error }) => ({
        taskId,
        status,
        ...(error === undefined ? {} : { error: error.message }),
      })),
  }
}
