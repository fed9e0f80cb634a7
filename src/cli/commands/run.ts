import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { followPlan } from '../follow-plan.ts'
import type { PlanFile } from '../plan-file.ts'

export interface RunOptions {
  wait: boolean
  json: boolean
  title?: string | undefined
  idempotencyKey?: string | undefined
}

/** Submits a plan and shows its progress until it ends. @returns The exit code. */
export async function run(
  { terminal, quick, patient }: Context,
  file: PlanFile,
  { wait, json, title, idempotencyKey }: RunOptions,
): Promise<number> {
  const submission = title === undefined ? file.plan : { ...file.plan, title }
  const plan = await quick.plans.submit(submission, { idempotencyKey })
  if (wait) return followPlan(terminal, patient, plan, { json, onInterrupt: 'cancel' })
  if (json) {
    terminal.out(JSON.stringify(plan, null, 2))
  } else {
    terminal.out(plan.id)
    terminal.note(`submitted; \`tutti watch ${plan.id}\` shows it`)
  }
  return EXIT.succeeded
}
