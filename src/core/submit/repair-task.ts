import type { FieldError } from '../contract/errors.ts'
import { writesOf } from '../contract/files-written.ts'
import type { SubmitPlan } from '../contract/submission.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import { type Programs, wordsOf } from '../ports/programs.ts'

/** What is wrong with `workspace.verify` and `workspace.repair`, before tasks are known. */
export function verifyEditsErrors(
  programs: Programs | undefined,
  { workspace, synthesis }: Pick<SubmitPlan, 'workspace' | 'synthesis'>,
): FieldError[] {
  const { verify, repair } = workspace ?? {}
  const errors: FieldError[] = []
  if (repair !== undefined && verify === undefined) {
    const detail = 'needs `verify`, which says whether there is anything to repair'
    errors.push({ pointer: '/workspace/repair', detail })
  }
  if (verify === undefined) return errors
  const detail = whyNotVerified(programs, verify, synthesis)
  return detail === undefined ? errors : [...errors, { pointer: '/workspace/verify', detail }]
}

function whyNotVerified(
  programs: Programs | undefined,
  verify: string,
  synthesis: SubmitPlan['synthesis'],
): string | undefined {
  if (synthesis === false)
    return 'is run when edits are merged for a synthesis, and `synthesis` is false'
  if (programs === undefined || programs.names.length === 0) {
    return 'cannot be run here: the operator has to list programs in TUTTI_RUN'
  }
  if (!programs.allows(wordsOf(verify))) {
    return `is not allowed here; a command must begin with one of: ${programs.names.join('; ')}`
  }
  const problem = programs.problem()
  return problem === undefined ? undefined : `cannot be run here: ${problem}`
}

/** Edits come from tasks that write. */
export function nothingToVerify(
  { workspace }: Pick<SubmitPlan, 'workspace'>,
  tasks: readonly TaskSpec[],
): FieldError[] {
  if (workspace?.verify === undefined || tasks.some((task) => writesOf(task).length > 0)) return []
  return [{ pointer: '/workspace/verify', detail: 'has nothing to verify: no task writes files' }]
}

/**
 * The task that repairs what `workspace.verify` finds on the merged edits, for a plan with
 * `workspace.repair`. It comes after all others, so its folder holds their merged edits, and has the
 * settings of the first task that writes. `undefined` if no task writes.
 */
export function repairTask(
  { workspace }: Pick<SubmitPlan, 'workspace'>,
  tasks: readonly TaskSpec[],
): TaskSpec | undefined {
  const writer = tasks.find((task) => writesOf(task).length > 0)
  const { verify, repair } = workspace ?? {}
  if (repair !== true || verify === undefined || writer === undefined) return undefined
  const taken = new Set(tasks.map(({ id }) => id))
  let id = 'repair'
  for (let number = 2; taken.has(id); number += 1) id = `repair-${number}`
  const { executor, model, escalate, tools, options, timeoutMs, attempts } = writer
  return {
    id,
    description: 'Repair what verification found',
    task: `The other tasks have done their work, and the workspace holds all of it, merged. \`${verify}\` fails on it. Find the cause and mend it, with as few changes as possible. Do not weaken or remove a test to make it pass: if a test is wrong, say so.`,
    files: { write: ['**'] },
    executor,
    ...(model === undefined ? {} : { model }),
    ...(escalate === undefined ? {} : { escalate }),
    ...(tools === undefined ? {} : { tools }),
    ...(options === undefined ? {} : { options }),
    timeoutMs,
    attempts,
    priority: 0,
    waitsFor: [...taken],
    verify,
  }
}
