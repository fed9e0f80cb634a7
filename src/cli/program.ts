import { readFile } from 'node:fs/promises'
import { Command, Help, Option } from '@commander-js/extra-typings'
import { VERSION } from '../version.ts'
import { addressOf, countOf, dollarsOf } from './argument-parsers.ts'
import { cancel } from './commands/cancel.ts'
import { init } from './commands/init.ts'
import { listPlans } from './commands/list-plans.ts'
import { listTasks } from './commands/list-tasks.ts'
import { resume } from './commands/resume.ts'
import { retry } from './commands/retry.ts'
import { run } from './commands/run.ts'
import { showOutput } from './commands/show-output.ts'
import { showSubmission } from './commands/show-submission.ts'
import { exportSynthesis, synthesize } from './commands/synthesize.ts'
import { validate } from './commands/validate.ts'
import { watch } from './commands/watch.ts'
import { type Context, contextOf, type GlobalOptions } from './context.ts'
import { EXIT } from './exit-code.ts'
import { explain } from './explain.ts'
import { type PlanFile, readPlanFile } from './plan-file.ts'
import { PLAN_STATUSES, TASK_STATUSES } from './statuses.ts'
import type { Terminal } from './terminal.ts'

const EXAMPLES = `
Examples:
  tutti init                               a plan to begin with
  tutti run review.yaml                    submit, watch, print the synthesis
  tutti run review.yaml --json | jq .      the same for a program
  tutti validate review.yaml               what it would do, and what is wrong with it
  tutti ls --status running
  tutti output PLAN security               what one task produced
  tutti synth PLAN --instructions "Only what blocks a release"
  tutti synth PLAN --format sarif > findings.sarif
  tutti synth PLAN --format patch | git apply

Exit codes of run, watch, retry --wait and resume --wait:
  0 succeeded  2 partial  3 failed  4 cancelled  5 edits in conflict  1 anything else

Plans are YAML or JSON. For completion in an editor, begin a plan with
  # yaml-language-server: $schema=plan.schema.json
after \`tutti schema > plan.schema.json\`.`

/** The processes of the service, each of which runs until it is told to end. */
export type Processes = Record<'start' | 'serve' | 'worker', () => Promise<void>>

/** The command line. Each action answers with an exit code, which `done` receives. */
export function programOf(
  terminal: Terminal,
  { done, processes }: { done: (exitCode: number) => void; processes: Processes },
) {
  const program = new Command('tutti')
    .description('Runs a plan of subagents in parallel, and brings back one synthesis.')
    .version(VERSION)
    .addOption(
      new Option('--url <url>', 'where the service is')
        .env('TUTTI_URL')
        .default('http://127.0.0.1:3000')
        .argParser(addressOf),
    )
    .addOption(new Option('--api-key <key>', 'better set by TUTTI_API_KEY').env('TUTTI_API_KEY'))
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(tutti --help shows how it is used)')
    .configureHelp({ optionDescription })

  /** Runs an action: its errors become a sentence and an exit code. */
  async function act(action: (context: Context) => Promise<number>, file?: PlanFile) {
    const options: GlobalOptions = program.opts()
    try {
      done(await action(contextOf(terminal, options)))
    } catch (error) {
      terminal.note(`tutti: ${explain(error, options.url, file)}`)
      done(EXIT.error)
    }
  }

  /** As `act`, with a plan read from a file: errors then name its lines. */
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
    .description('write a plan to begin with, which runs as it stands')
    .argument('[file]', 'where to', 'plan.yaml')
    .action((path) => act((context) => init(context, path)))

  program
    .command('run')
    .description('submit a plan, show its tasks side by side, then print the synthesis')
    .argument('<file>', 'the plan, in YAML or JSON; - for the standard input')
    .option('--no-wait', 'print the id of the plan and return')
    .option('--title <title>', 'instead of the title in the file')
    .option('--idempotency-key <key>', 'the same key and plan make one plan only')
    .option('--json', 'print the result as JSON and nothing else', false)
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
    .option('--limit <count>', 'how many', countOf, 20)
    .option('--json', 'print them as JSON', false)
    .action((options) => act((context) => listPlans(context, options)))

  program
    .command('tasks')
    .description('list the tasks of a plan, with what they wait for or why they failed')
    .argument('<plan>', 'its id')
    .addOption(new Option('--status <status>', 'only these').choices(TASK_STATUSES))
    .option('--json', 'print them as JSON', false)
    .action((planId, options) => act((context) => listTasks(context, planId, options)))

  program
    .command('submission')
    .description(
      'print what a plan was submitted with, as a plan file: for run, changed or as it is',
    )
    .argument('<plan>', 'its id')
    .action((planId) => act((context) => showSubmission(context, planId)))

  program
    .command('watch')
    .description('show a plan to its end; Ctrl-C leaves it alone')
    .argument('<plan>', 'its id')
    .option('--json', 'print the result as JSON and nothing else', false)
    .action((planId, options) => act((context) => watch(context, planId, options)))

  program
    .command('output')
    .description('print what a task produced; waits for it to end')
    .argument('<plan>', 'its id')
    .argument('<task>', 'its id')
    .option('--no-wait', 'do not wait')
    .option('--timeout <seconds>', 'how long to wait', countOf, 600)
    .option('--json', 'print status, findings and usage too, as JSON', false)
    .action((planId, taskId, { wait, timeout, json }) =>
      act((context) =>
        showOutput(context, planId, taskId, { wait, json, timeoutMs: timeout * 1000 }),
      ),
    )

  program
    .command('cancel')
    .description('cancel a plan or some of its tasks; what is done is kept')
    .argument('<plan>', 'its id')
    .argument('[tasks...]', 'their ids')
    .addOption(
      new Option('--status <status...>', 'all tasks that are so').choices([
        'queued',
        'running',
      ] as const),
    )
    .option('--json', 'print the answer as JSON', false)
    .action((planId, taskIds, options) =>
      act((context) => cancel(context, planId, taskIds, options)),
    )

  program
    .command('retry')
    .description(
      'run ended tasks again, without any all that did not succeed; a new synthesis follows',
    )
    .argument('<plan>', 'its id')
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
    .action((planId, taskIds, options) =>
      act((context) => retry(context, planId, taskIds, options)),
    )

  program
    .command('resume')
    .description('go on with a plan that its budget stopped, with a larger one')
    .argument('<plan>', 'its id')
    .requiredOption('--budget <usd>', 'what the plan may cost from its beginning', dollarsOf)
    .option('--wait', 'show the plan to its end', false)
    .option('--json', 'print the answer as JSON', false)
    .action((planId, options) => act((context) => resume(context, planId, options)))

  program
    .command('synth')
    .description('write the synthesis again from the outputs there are, or show it')
    .argument('<plan>', 'its id')
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
    .action((planId, { format, strict, ...options }) =>
      act((context) =>
        format === undefined
          ? synthesize(context, planId, options)
          : exportSynthesis(context, planId, { format, show: options.show, strict }),
      ),
    )

  program
    .command('start')
    .description('run the service on this machine: API, worker, dashboard, and a Redis of its own')
    .action(() => processes.start())
  program
    .command('serve')
    .description('run the API and the dashboard alone, on the Redis of REDIS_URL')
    .action(() => processes.serve())
  program
    .command('worker')
    .description('run a worker, on the Redis of REDIS_URL; any number of them')
    .action(() => processes.worker())

  program
    .command('schema')
    .description('print the JSON Schema of plans, for editors')
    .action(() =>
      act(async () => {
        const file = new URL('../../schemas/plan.schema.json', import.meta.url)
        terminal.out(await readFile(file, 'utf8'))
        return EXIT.succeeded
      }),
    )

  program
    .command('mcp')
    .description('serve assistants by the Model Context Protocol, on standard input and output')
    .option('--http <port>', 'over streamable HTTP on this port of the loopback instead', countOf)
    .action(({ http }) =>
      act(async () => {
        // Loaded only here, because every other command starts twice as fast without it.
        const { serve } = await import('../mcp/serve.ts')
        await serve({ ...program.opts(), http })
        return EXIT.succeeded
      }),
    )

  return program
}

/** A flag that is off unless it is given needs no word about that. */
function optionDescription(option: Option): string {
  const { description, defaultValue, defaultValueDescription } = option
  return defaultValue === false && defaultValueDescription === undefined
    ? description
    : new Help().optionDescription(option)
}
