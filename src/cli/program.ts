import { Argument, Command, Option } from '@commander-js/extra-typings'
import { PLAN_STATUSES, TASK_STATUSES } from '../client/index.ts'
import { VERSION } from '../version.ts'
import { addressOf, countOf, dollarsOf, instantOf } from './argument-parsers.ts'
import { addChanges } from './changing-commands.ts'
import { add } from './commands/add.ts'
import { compare } from './commands/compare.ts'
import { init } from './commands/init.ts'
import { listPlans } from './commands/list-plans.ts'
import { listTasks } from './commands/list-tasks.ts'
import { openPlan } from './commands/open-plan.ts'
import { printSchema } from './commands/print-schema.ts'
import { run } from './commands/run.ts'
import { showOutput } from './commands/show-output.ts'
import { showSteps } from './commands/show-steps.ts'
import { showSubmission } from './commands/show-submission.ts'
import { validate } from './commands/validate.ts'
import { watch } from './commands/watch.ts'
import { completionOf, SHELLS } from './completion.ts'
import { type Context, contextOf, type GlobalOptions } from './context.ts'
import { EXIT } from './exit-code.ts'
import { explain } from './explain.ts'
import { findPlan } from './find-plan.ts'
import { EXAMPLES, optionDescription } from './help.ts'
import { type PlanFile, readPlanFile } from './plan-file.ts'
import { addProcesses, type Processes } from './processes.ts'
import type { Terminal } from './terminal.ts'

/** The command line. Each action resolves to an exit code, which is passed to `done`. */
export function programOf(
  terminal: Terminal,
  { done, processes }: { done: (exitCode: number) => void; processes: Processes },
) {
  const program = new Command('tutti')
    .description('Runs a plan of subagents in parallel and returns one synthesis.')
    .version(VERSION)
    .addOption(
      new Option('--url <url>', 'the address of the service')
        .env('TUTTI_URL')
        .default('http://127.0.0.1:3000')
        .argParser(addressOf),
    )
    .addOption(
      new Option('--api-key <key>', 'an API key; better set with TUTTI_API_KEY').env(
        'TUTTI_API_KEY',
      ),
    )
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(tutti --help shows how it is used)')
    .configureHelp({ optionDescription })

  /** Runs an action; errors become a message and an exit code. */
  async function act(action: (context: Context) => Promise<number>, file?: PlanFile) {
    const options: GlobalOptions = program.opts()
    try {
      done(await action(contextOf(terminal, options)))
    } catch (error) {
      terminal.note(`tutti: ${explain(error, options.url, file)}`)
      done(EXIT.error)
    }
  }

  /** Like `act`, with the id of the plan that the text refers to. */
  function actOnPlan(
    text: string,
    action: (context: Context, planId: string) => Promise<number>,
  ): Promise<void> {
    return act(async (context) => action(context, await findPlan(context.quick, text)))
  }

  /** Like `act`, with a plan from a file: errors then name its lines. */
  async function actOn(
    path: string,
    action: (context: Context, file: PlanFile) => Promise<number>,
  ): Promise<void> {
    let file: PlanFile | undefined
    await act(async () => {
      file = await readPlanFile(path)
      return EXIT.succeeded
    })
    const plan = file
    if (plan !== undefined) await act((context) => action(context, plan), plan)
  }

  program
    .command('init')
    .description('write a first plan, which runs without changes')
    .argument('[file]', 'where to', 'plan.yaml')
    .action((path) => act((context) => init(context, path)))

  program
    .command('run')
    .description('submit a plan, show its progress, then print the synthesis')
    .argument('<file>', 'the plan, in YAML or JSON; - for the standard input')
    .option('--no-wait', 'print the id of the plan and return')
    .option('--title <title>', 'instead of the title in the file')
    .option(
      '--idempotency-key <key>',
      'repeating the key with the same plan creates no second plan',
    )
    .option('--json', 'print only the result, as JSON', false)
    .action((path, options) => actOn(path, (context, file) => run(context, file, options)))

  program
    .command('validate')
    .description('a dry run: waves, overlaps, warnings, advice and an estimate; stores nothing')
    .argument('<file>', 'the plan, in YAML or JSON; - for the standard input')
    .option('--json', 'print the answer of the service as JSON', false)
    .action((path, options) => actOn(path, (context, file) => validate(context, file, options)))

  program
    .command('ls')
    .description('list plans, newest first')
    .addOption(new Option('--status <status>', 'only these').choices(PLAN_STATUSES))
    .option('--search <words>', 'only those with these words in title, id or metadata')
    .option('--since <time>', 'only those submitted since: 2h, 7d, or a date', instantOf)
    .option('--until <time>', 'only those submitted before', instantOf)
    .option('--min-cost <usd>', 'only those that cost so much', dollarsOf)
    .option('--limit <count>', 'how many', countOf, 20)
    .option('--json', 'print them as JSON', false)
    .action(({ since, until, minCost, ...options }) =>
      act((context) =>
        listPlans(context, {
          ...options,
          createdFrom: since,
          createdBefore: until,
          minCostUsd: minCost,
        }),
      ),
    )

  program
    .command('tasks')
    .description('list the tasks of a plan, with what they wait for or why they failed')
    .argument('<plan>', 'its id, the beginning of its id, or last')
    .addOption(new Option('--status <status>', 'only these').choices(TASK_STATUSES))
    .option('--json', 'print them as JSON', false)
    .action((plan, options) =>
      actOnPlan(plan, (context, planId) => listTasks(context, planId, options)),
    )

  program
    .command('submission')
    .description('print what a plan was submitted with, as a file for run')
    .argument('<plan>', 'its id, the beginning of its id, or last')
    .action((plan) => actOnPlan(plan, showSubmission))

  program
    .command('watch')
    .description('show the progress of a plan until it ends; Ctrl-C leaves it running')
    .argument('<plan>', 'its id, the beginning of its id, or last')
    .option('--json', 'print only the result, as JSON', false)
    .action((plan, options) =>
      actOnPlan(plan, (context, planId) => watch(context, planId, options)),
    )

  program
    .command('output')
    .description('print what a task produced; waits for it to end')
    .argument('<plan>', 'its id, the beginning of its id, or last')
    .argument('<task>', 'its id')
    .option('--no-wait', 'do not wait')
    .option('--timeout <seconds>', 'how long to wait', countOf, 600)
    .option('--json', 'print status, findings and usage too, as JSON', false)
    .action((plan, taskId, { wait, timeout, json }) =>
      actOnPlan(plan, (context, planId) =>
        showOutput(context, planId, taskId, { wait, json, timeoutMs: timeout * 1000 }),
      ),
    )

  program
    .command('steps')
    .description('print what the agent of a task has said and done, step by step')
    .argument('<plan>', 'its id, the beginning of its id, or last')
    .argument('<task>', 'its id')
    .option('--tools', 'only steps that called tools', false)
    .option('--errors', 'only steps in which a tool failed', false)
    .option('--json', 'print them as JSON', false)
    .action((plan, taskId, options) =>
      actOnPlan(plan, (context, planId) => showSteps(context, planId, taskId, options)),
    )

  program
    .command('compare')
    .description('what is new, still there and gone between two runs, and what each took')
    .argument('<before>', 'the earlier plan')
    .argument('[after]', 'the later one', 'last')
    .option('--json', 'print both runs and the changes as JSON', false)
    .action((first, second, options) =>
      actOnPlan(first, async (context, before) =>
        compare(context, { before, after: await findPlan(context.quick, second) }, options),
      ),
    )

  program
    .command('add')
    .description('add tasks to a plan that runs or has finished; a new synthesis follows')
    .argument('<plan>', 'its id, the beginning of its id, or last')
    .argument('<file>', 'a file with `tasks`, in YAML or JSON; - for the standard input')
    .option('--idempotency-key <key>', 'repeating the key with the same tasks adds them once')
    .option('--wait', 'show the progress until the plan ends', false)
    .option('--json', 'print the answer as JSON', false)
    .action((plan, path, options) =>
      actOn(path, async (context, file) =>
        add(context, await findPlan(context.quick, plan), file, options),
      ),
    )

  addChanges(program, actOnPlan)

  program
    .command('open')
    .description('open a plan, or all plans, on the dashboard')
    .argument('[plan]', 'its id, the beginning of its id, or last')
    .action((plan) =>
      plan === undefined
        ? act((context) => openPlan(context, undefined))
        : actOnPlan(plan, openPlan),
    )

  program
    .command('completion')
    .description('print a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>', 'whose').choices(SHELLS))
    .action((shell) =>
      act(async () => {
        terminal.out(completionOf(program, shell))
        return EXIT.succeeded
      }),
    )

  addProcesses(program, processes)

  program
    .command('schema')
    .description('print the JSON Schema of plans, for editors')
    .action(() => act(printSchema))

  program
    .command('mcp')
    .description('serve assistants over the Model Context Protocol, on standard input and output')
    .option('--http <port>', 'use streamable HTTP on this loopback port instead', countOf)
    .action(({ http }) =>
      act(async () => {
        // Loaded here, because every other command starts twice as fast without it.
        const { serve } = await import('../mcp/serve.ts')
        await serve({ ...program.opts(), http })
        return EXIT.succeeded
      }),
    )

  return program
}
