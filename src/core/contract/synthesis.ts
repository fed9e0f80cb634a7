import { z } from 'zod'
import { Severity } from './findings.ts'
import { TaskStatus } from './status.ts'
import { Usage } from './usage.ts'
import { Verification } from './verification.ts'

/** A finding of the synthesis: one or more findings of tasks, merged. */
export const SynthesisFinding = z
  .object({
    /** `f-1`, `f-2` … in order of rank. */
    id: z.string(),
    title: z.string(),
    severity: Severity,
    confidence: z.number().min(0).max(1),
    category: z.string().optional(),
    file: z.string().optional(),
    line: z.int().min(1).optional(),
    detail: z.string(),
    recommendation: z.string().optional(),
    /** Ids of the tasks that found it. */
    sources: z.array(z.string()).min(1),
    /** Whether the claim is true; absent for a plan without files and without `policy.verify`. */
    verification: Verification.optional(),
    /**
     * Whether the synthesis that this one is compared with has it too: `was` is its id there. Absent
     * without such a synthesis, and for a refuted finding.
     */
    change: z
      .discriminatedUnion('kind', [
        z.object({ kind: z.literal('new') }),
        z.object({ kind: z.literal('still'), was: z.string() }),
      ])
      .optional(),
  })
  .meta({ id: 'SynthesisFinding' })
export type SynthesisFinding = z.output<typeof SynthesisFinding>

/** Recommendations of two or more tasks that cannot all be followed. */
export const Conflict = z
  .object({
    between: z.array(z.string()).min(2),
    about: z.string(),
    sides: z.array(
      z.object({ taskId: z.string(), recommendation: z.string(), evidence: z.string() }),
    ),
    resolution: z.string(),
    /** Why it was resolved so: `higher severity wins`, `needs a person` … */
    rule: z.string(),
  })
  .meta({ id: 'Conflict' })
export type Conflict = z.output<typeof Conflict>

export const Action = z
  .object({
    rank: z.int().min(1),
    action: z.string(),
    why: z.string(),
    /** Ids of the synthesis's findings. */
    findings: z.array(z.string()),
  })
  .meta({ id: 'Action' })
export type Action = z.output<typeof Action>

/** What became of one finding of one task. */
export const LedgerEntry = z
  .object({
    /** `security/2`: the second finding of the task `security`. */
    finding: z.string(),
    /**
     * `refuted`: by the plan's files or by votes; it then stands alone, ranked below all others.
     */
    fate: z.enum(['kept', 'merged', 'dropped', 'refuted']),
    /** The finding of the synthesis that contains it; absent if it was dropped. */
    into: z.string().optional(),
    reason: z.string().optional(),
  })
  .meta({ id: 'LedgerEntry' })
export type LedgerEntry = z.output<typeof LedgerEntry>

export const Coverage = z
  .object({
    succeeded: z.array(z.string()),
    missing: z.array(
      z.object({ taskId: z.string(), status: TaskStatus, error: z.string().optional() }),
    ),
  })
  .meta({ id: 'Coverage' })
export type Coverage = z.output<typeof Coverage>

export const MergedEdits = z
  .object({
    /** The commit that every task started from. */
    base: z.string(),
    /** The merged commit; absent if nothing could be merged. */
    commit: z.string().optional(),
    merged: z.array(z.string()),
    conflicts: z.array(
      z.object({
        path: z.string(),
        tasks: z.array(z.string()),
        base: z.string().optional(),
        ours: z.string().optional(),
        theirs: z.string().optional(),
        /**
         * A model's proposal for the file. Nobody has checked it; it is in no commit and no patch.
         */
        proposal: z.string().optional(),
        /** `provider:model` of the model that proposed it. */
        proposedBy: z.string().optional(),
      }),
    ),
    patch: z.string(),
    /** What `workspace.verify` came to on the merged commit. */
    verification: z
      .object({
        command: z.string(),
        /** `not-run`: the reason says why. */
        status: z.enum(['passed', 'failed', 'not-run']),
        exitCode: z.int().optional(),
        reason: z.string().optional(),
        /** Its standard output and standard error, shortened in the middle. */
        output: z.string(),
      })
      .optional(),
  })
  .meta({ id: 'MergedEdits' })
export type MergedEdits = z.output<typeof MergedEdits>

const EarlierFinding = SynthesisFinding.pick({
  id: true,
  title: true,
  severity: true,
  file: true,
  line: true,
})

/** The synthesis of an earlier plan, and what became of its findings. */
export const PreviousRun = z
  .object({
    planId: z.string(),
    version: z.int().min(1),
    /** Earlier findings that no task reports any more. */
    fixed: z.array(EarlierFinding),
    /**
     * Earlier findings that are not reported, but none of the tasks that reported them succeeded.
     */
    unchecked: z.array(EarlierFinding),
  })
  .meta({ id: 'PreviousRun' })
export type PreviousRun = z.output<typeof PreviousRun>

/** How a synthesis can be read: as data, for people, for code scanning, or its edits for `git apply`. */
export const SynthesisFormat = z.enum(['json', 'markdown', 'sarif', 'patch'])
export type SynthesisFormat = z.output<typeof SynthesisFormat>

export const Synthesis = z
  .object({
    version: z.int().min(1),
    status: z.enum(['succeeded', 'failed']),
    /** Who wrote it: a model, or the deterministic merge. */
    executor: z.enum(['model', 'merge']),
    model: z.string().optional(),
    createdAt: z.iso.datetime(),
    /** True if tasks were still running when it was written. */
    preliminary: z.boolean(),
    /** Markdown that can be read on its own. */
    summary: z.string(),
    findings: z.array(SynthesisFinding),
    conflicts: z.array(Conflict),
    actions: z.array(Action),
    ledger: z.array(LedgerEntry),
    coverage: Coverage,
    edits: MergedEdits.optional(),
    /** What the findings were compared with, if the plan names an earlier one. */
    previous: PreviousRun.optional(),
    /** Matches the `outputSchema` of the synthesis, if there is one. */
    data: z.unknown().optional(),
    /**
     * What a reader must know about how it was written, such as that a model failed three times.
     */
    notes: z.array(z.string()),
    usage: Usage,
  })
  .meta({ id: 'Synthesis' })
export type Synthesis = z.output<typeof Synthesis>
