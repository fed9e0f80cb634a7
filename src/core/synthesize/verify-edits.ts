import { type Failure, PermanentError, TransientError } from '../contract/errors.ts'
import type { MergedEdits } from '../contract/synthesis.ts'
import { verificationFailure } from '../merge/verified-edits.ts'
import type { Programs } from '../ports/programs.ts'
import { wordsOf } from '../ports/programs.ts'
import type { SynthesisJob } from '../ports/queue.ts'
import type { PlanRecord } from '../ports/records.ts'
import type { Workspaces } from '../ports/workspaces.ts'
import { planFiles } from '../run/plan-files.ts'
import { folderOfSynthesis, type MergeEditsDeps } from './merge-task-edits.ts'

export interface VerifyEditsDeps extends Pick<MergeEditsDeps, 'plans' | 'onFault'> {
  workspaces: Pick<Workspaces, 'openCommit'>
  /** Absent if no programs may be run here. */
  programs?: Programs | undefined
}

/**
 * Runs the plan's `workspace.verify` once on the merged edits. If the command cannot be run, or
 * is stopped with the plan, that is reported and nothing else fails.
 */
export async function verifyEdits(
  deps: VerifyEditsDeps,
  plan: PlanRecord,
  job: SynthesisJob,
  edits: MergedEdits,
  { signal, cancelled }: { signal: AbortSignal; cancelled: AbortSignal },
): Promise<{ edits: MergedEdits; problem: Failure | undefined }> {
  const { verifyEdits: command } = plan.spec
  if (command === undefined || job.kind === 'preliminary') return { edits, problem: undefined }
  const verification = await outcomeOf(deps, plan, job, command, edits.commit, {
    signal,
    cancelled,
  })
  const verified = { ...edits, verification: { command, ...verification } }
  return { edits: verified, problem: verificationFailure(verified) }
}

type Outcome = Omit<NonNullable<MergedEdits['verification']>, 'command'>

const notRun = (reason: string): Outcome => ({ status: 'not-run', reason, output: '' })

async function outcomeOf(
  deps: VerifyEditsDeps,
  plan: PlanRecord,
  job: SynthesisJob,
  command: string,
  commit: string | undefined,
  { signal, cancelled }: { signal: AbortSignal; cancelled: AbortSignal },
): Promise<Outcome> {
  const { programs } = deps
  if (commit === undefined) return notRun('No edits were merged.')
  if (programs === undefined) return notRun('No programs may be run on this worker.')
  const either = AbortSignal.any([signal, cancelled])
  try {
    const own = await planFiles(deps.plans, plan)
    if (own === undefined) return notRun('The plan has no files.')
    const files = { ...own, folder: folderOfSynthesis(plan, job) }
    const opened = await deps.workspaces.openCommit(files, commit, either)
    try {
      const ran = await programs.run(wordsOf(command), opened.workspace, either)
      const { exitCode, ended, output } = ran
      return {
        status: exitCode === 0 ? 'passed' : 'failed',
        ...(exitCode === undefined ? {} : { exitCode }),
        ...(ended === undefined ? {} : { reason: ended.message }),
        output,
      }
    } finally {
      await opened.close()
    }
  } catch (error) {
    // Where the process is to end, another one does all of it again.
    if (either.aborted) return notRun('The plan was stopped.')
    deps.onFault(error, plan.spec.id)
    const isKnown = error instanceof PermanentError || error instanceof TransientError
    return notRun(isKnown ? error.message : 'It failed unexpectedly.')
  }
}
