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
    .description('send a message to the agent of a task, which reads it before its next step')
    .argument('<plan>', 'its id, the beginning of its id, or last')
    .argument('<task>', 'its id')
    .argument('<text>', 'the message')
    .action((plan, taskId, text) =>
      actOnPlan(plan, (context, planId) => say(context, planId, taskId, text)),
    )

  program
    .command('cancel')
    .description('cancel a plan or some of its tasks; finished outputs are kept')
    .argument('<plan>', 'its id, the beginning of its id, or last')
    .argument('[tasks...]', 'their ids')
    .addOption(
      new Option('--status <status...>', 'all tasks with this status').choices([
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
      'run ended tasks again, by default all that did not succeed; a new synthesis follows',
    )
    .argument('<plan>', 'its id, the beginning of its id, or last')
    .argument('[tasks...]', 'their ids')
    .addOption(
      new Option('--status <status...>', 'all tasks that ended with this status').choices([
        'succeeded',
        'incomplete',
        'failed',
        'cancelled',
        'skipped',
      ] as const),
    )
    .option('--wait', 'show the progress until the plan ends', false)
    .option('--json', 'print the answer as JSON', false)
    .action((plan, taskIds, options) =>
      actOnPlan(plan, (context, planId) => retry(context, planId, taskIds, options)),
    )

  program
    .command('resume')
    .description('continue a plan that its budget stopped, with a larger budget')
    .argument('<plan>', 'its id, the beginning of its id, or last')
    .requiredOption(
      '--budget <usd>',
      'the new budget of the whole plan, including what was spent',
      dollarsOf,
    )
    .option('--wait', 'show the progress until the plan ends', false)
    .option('--json', 'print the answer as JSON', false)
    .action((plan, options) =>
      actOnPlan(plan, (context, planId) => resume(context, planId, options)),
    )

  program
    .command('synth')
    .description('write the synthesis again from the existing outputs, or show it')
    .argument('<plan>', 'its id, the beginning of its id, or last')
    .addOption(
      new Option('--show [version]', 'show the newest version, or this one, instead')
        .preset('newest')
        .argParser((text) => (text === 'newest' ? text : countOf(text))),
    )
    .option('--instructions <text>', 'what it should pay attention to')
    .option('--model <provider:model>', 'the model that should write it')
    .addOption(
      new Option('--executor <name>', 'a model, or the deterministic merge').choices([
        'model',
        'merge',
      ] as const),
    )
    .addOption(
      new Option('--format <format>', 'export it for people, for code scanning, or for `git apply`')
        .choices(['markdown', 'sarif', 'patch'] as const)
        .conflicts(['json', 'instructions', 'model', 'executor']),
    )
    .option('--strict', 'with --format patch: fail if edits are missing from it', false)
    .option('--json', 'print all of it, as JSON', false)
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
    .argument('<plan>', 'its id, the beginning of its id, or last')
    .option('--yes', 'do not ask', false)
    .action((plan, options) =>
      actOnPlan(plan, (context, planId) => deletePlan(context, planId, options)),
    )
}
