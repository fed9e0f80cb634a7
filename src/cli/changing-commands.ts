import { type CommandUnknownOpts, Option } from '@commander-js/extra-typings'
import { countOf, dollarsOf } from './argument-parsers.ts'
import { cancel } from './commands/cancel.ts'
import { deletePlan } from './commands/delete-plan.ts'
import { resume } from './commands/resume.ts'
import { retry } from './commands/retry.ts'
import { say } from './commands/say.ts'
import { exportSynthesis, synthesize } from './commands/synthesize.ts'
import type { Context } from './context.ts'

/** Runs an action on the plan that a text refers to. */
type OnPlan = (
  text: string,
  action: (context: Context, planId: string) => Promise<number>,
) => Promise<void>

/** The commands that change a plan that was submitted. */
export function addChanges(program: CommandUnknownOpts, actOnPlan: OnPlan): void {
  program
    .command('say')
    .description('say something to the agent of a task, which reads it before its next step')
    .argument('<plan>', 'its id, the beginning of it, or last')
    .argument('<task>', 'its id')
    .argument('<text>', 'what to say')
    .action((plan, taskId, text) =>
      actOnPlan(plan, (context, planId) => say(context, planId, taskId, text)),
    )

  program
    .command('cancel')
    .description('cancel a plan or some of its tasks; what is done is kept')
    .argument('<plan>', 'its id, the beginning of it, or last')
    .argument('[tasks...]', 'their ids')
    .addOption(
      new Option('--status <status...>', 'all tasks that are so').choices([
        'queued',
        'running',
      ] as const),
    )
    .option('--json', 'print the answer as JSON', false)
    .action((plan, taskIds, options) =>
      actOnPlan(plan, (context, planId) => cancel(context, planId, taskIds, options)),
    )

  program
    .command('retry')
    .description(
      'run ended tasks again, without any all that did not succeed; a new synthesis follows',
    )
    .argument('<plan>', 'its id, the beginning of it, or last')
    .argument('[tasks...]', 'their ids')
    .addOption(
      new Option('--status <status...>', 'all tasks that ended so').choices([
        'succeeded',
        'incomplete',
        'failed',
        'cancelled',
        'skipped',
      ] as const),
    )
    .option('--wait', 'show the plan to its end', false)
    .option('--json', 'print the answer as JSON', false)
    .action((plan, taskIds, options) =>
      actOnPlan(plan, (context, planId) => retry(context, planId, taskIds, options)),
    )

  program
    .command('resume')
    .description('go on with a plan that its budget stopped, with a larger one')
    .argument('<plan>', 'its id, the beginning of it, or last')
    .requiredOption('--budget <usd>', 'what the plan may cost from its beginning', dollarsOf)
    .option('--wait', 'show the plan to its end', false)
    .option('--json', 'print the answer as JSON', false)
    .action((plan, options) =>
      actOnPlan(plan, (context, planId) => resume(context, planId, options)),
    )

  program
    .command('synth')
    .description('write the synthesis again from the outputs there are, or show it')
    .argument('<plan>', 'its id, the beginning of it, or last')
    .addOption(
      new Option('--show [version]', 'show it instead: the newest version, or this one')
        .preset('newest')
        .argParser((text) => (text === 'newest' ? text : countOf(text))),
    )
    .option('--instructions <text>', 'what it should pay attention to')
    .option('--model <provider:model>', 'who should write it')
    .addOption(
      new Option('--executor <name>', 'a model, or the deterministic merge').choices([
        'model',
        'merge',
      ] as const),
    )
    .addOption(
      new Option('--format <format>', 'show it for people, for code scanning, or for `git apply`')
        .choices(['markdown', 'sarif', 'patch'] as const)
        .conflicts(['json', 'instructions', 'model', 'executor']),
    )
    .option('--strict', 'with --format patch: fail where edits are missing from it', false)
    .option('--json', 'print it whole, as JSON', false)
    .action((plan, { format, strict, ...options }) =>
      actOnPlan(plan, (context, planId) =>
        format === undefined
          ? synthesize(context, planId, options)
          : exportSynthesis(context, planId, { format, show: options.show, strict }),
      ),
    )

  program
    .command('delete')
    .description('delete a plan with its outputs and its synthesis')
    .argument('<plan>', 'its id, the beginning of it, or last')
    .option('--yes', 'do not ask', false)
    .action((plan, options) =>
      actOnPlan(plan, (context, planId) => deletePlan(context, planId, options)),
    )
}
