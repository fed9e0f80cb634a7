/**
 * Starts Tutti, has it review a folder from four perspectives in parallel, shows the progress and
 * the result, and stops everything again.
 */
import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { renderMarkdown } from '../src/cli/render-markdown.ts'
import {
  type Plan,
  type PlanSubmission,
  type Report,
  type Tutti,
  tutti,
} from '../src/client/index.ts'
import { type DemoService, startDemoService } from './demo-parts/service.ts'
import { paint, seconds, timeline } from './demo-parts/timeline.ts'
import { watchPlan } from './demo-parts/watch.ts'

const ROOT = join(import.meta.dirname, '..')
const PERSPECTIVES = ['security', 'performance', 'testing', 'architecture']
const INTERRUPTED = 130
const DEFAULT_COLUMNS = 100

interface Options {
  folder: string
  /** Files to review; all if undefined. */
  files: string[] | undefined
  keep: boolean
  port: number
}

/** @throws {Error} with a sentence about what is wrong with the arguments. */
async function readOptions(args: string[]): Promise<Options> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { keep: { type: 'boolean', default: false }, port: { type: 'string' } },
  })
  const port = Number(values.port ?? 0)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`--port takes a number up to 65535, not ${values.port}`)
  }
  const [given, ...rest] = positionals
  if (rest.length > 0) throw new Error('takes one folder')
  const folder = given === undefined ? ROOT : resolve(given)
  const isFolder = await stat(folder).then(
    (entry) => entry.isDirectory(),
    () => false,
  )
  if (!isFolder) throw new Error(`${folder} is not a folder`)
  // For Tutti itself, only the service and its tests: the dashboard and benchmarks would just add
  // volume.
  return {
    folder,
    files: given === undefined ? ['src/**', 'test/**'] : undefined,
    keep: values.keep,
    port,
  }
}

function submissionOf({ folder, files }: Options): PlanSubmission {
  return {
    title: `Review of ${basename(folder)} from ${PERSPECTIVES.length} perspectives`,
    context: `The code base in the folder ${basename(folder)}.`,
    pattern: {
      kind: 'perspectives',
      perspectives: PERSPECTIVES,
      task: {
        role: '{{perspective}} specialist',
        task: 'Review the code base for {{perspective}}. Name file and line of everything you find.',
        outputFormat: 'Findings, the most severe first, each with a recommendation',
        ...(files === undefined ? {} : { files }),
      },
    },
    workspace: { path: '.' },
  }
}

async function demo(service: DemoService, options: Options): Promise<Plan> {
  const client = tutti({ baseUrl: service.url })
  const columns = process.stdout.columns ?? DEFAULT_COLUMNS
  const executors = await client.executors()
  const submitted = await client.plans.submit(submissionOf(options))
  const { default: executor, defaultModel } = executors
  const by = executor === 'model' ? (defaultModel ?? 'a model') : `the ${executor} executor`
  console.log(`\n${paint('bold', submitted.title)}, by ${by}; plan ${submitted.id}\n`)
  await watchPlan(client, submitted.id, process.stdout)

  const plan = await client.plans.get(submitted.id)
  if (!process.stdout.isTTY) console.log()
  console.log(`${await finalTimeline(client, plan, columns)}\n`)
  const { summary } = await client.syntheses.newest(plan.id)
  console.log(`${renderMarkdown(summary.trim(), columns)}\n`)
  const report = await client.plans.report(plan.id)
  console.log(await comparison(client, options, executor, report))
  for (const { message } of report.diagnostics) console.log(`  ${message}`)
  if (executor === 'static' && plan.status === 'partial') {
    console.log(
      'Without a model only TypeScript and JavaScript are analysed. With TUTTI_MODEL and its key set, agents review any language.',
    )
  }
  return plan
}

/**
 * How much running the tasks in parallel saved. Static analysis takes a few seconds, so the same plan is
 * run again, task by task. With a model that would cost money, so the report's estimate is shown instead.
 */
async function comparison(
  client: Tutti,
  options: Options,
  executor: string,
  { wallMs, speedup }: Report,
): Promise<string> {
  const faster = (times: number) => paint('bold', `${times.toFixed(1)} times as fast`)
  if (executor !== 'static') {
    return `${faster(speedup)} as one task after another, estimated: ${seconds(wallMs)} instead of ${seconds(speedup * wallMs)}.`
  }
  const title = 'The same review, one task after another'
  const { id } = await client.plans.submit({
    ...submissionOf(options),
    title,
    mode: 'sequential',
    synthesis: false,
  })
  await client.plans.wait(id)
  const sequential = await client.plans.report(id)
  return `${faster(sequential.wallMs / wallMs)} as one task after another: ${seconds(wallMs)} instead of ${seconds(sequential.wallMs)}, both measured here, on ${availableParallelism()} cores.`
}

function countOf(findings: number): string {
  return findings === 1 ? '1 finding' : `${findings} findings`
}

/** Uses the times that the service measured. */
async function finalTimeline(client: Tutti, plan: Plan, columns: number): Promise<string> {
  const since = Date.parse(plan.createdAt)
  const offset = (time: string | null) => (time === null ? undefined : Date.parse(time) - since)
  const findings = new Map<string, number>()
  for await (const task of client.tasks.outputs(plan.id)) {
    findings.set(task.id, task.findings?.length ?? 0)
  }
  const tasks = await Array.fromAsync(client.tasks.list(plan.id))
  const rows = tasks.map(({ id, status, timings, error }) => ({
    name: id,
    status,
    startMs: offset(timings.startedAt),
    endMs: offset(timings.finishedAt),
    note: error?.message ?? countOf(findings.get(id) ?? 0),
  }))
  const lastMs = Math.max(...rows.map(({ endMs }) => endMs ?? 0))
  const finishedMs = offset(plan.finishedAt) ?? lastMs
  const synthesis = {
    name: 'synthesis',
    status: plan.synthesis.status === 'succeeded' ? ('succeeded' as const) : ('failed' as const),
    startMs: lastMs,
    endMs: finishedMs,
    note: '',
  }
  return timeline([...rows, synthesis], finishedMs, columns)
}

async function main(): Promise<number> {
  const options = await readOptions(process.argv.slice(2))
  const interrupted = new Promise<'interrupted'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => resolve('interrupted'))
    }
  })
  const starting = startDemoService(options.folder, options.port)
  const service = await Promise.race([starting, interrupted])
  if (service === 'interrupted') {
    // It may only come up now; a failed start has cleaned up.
    await starting.then((late) => late.stop()).catch(() => undefined)
    return INTERRUPTED
  }
  try {
    const plan = await Promise.race([
      demo(service, options),
      interrupted,
      service.ended.then(() => {
        throw new Error('Tutti ended by itself')
      }),
    ])
    if (plan === 'interrupted') return INTERRUPTED
    sayWhereToLook(service.url, plan.id, options)
    if (options.keep) await Promise.race([interrupted, service.ended])
    return plan.status === 'failed' || plan.status === 'cancelled' ? 1 : 0
  } finally {
    await service.stop()
  }
}

function sayWhereToLook(url: string, planId: string, { keep }: Options): void {
  if (!keep) {
    console.log(
      '\nTo look around: ./script/demo --keep, with the dashboard at /dashboard and the docs at /docs.',
    )
    return
  }
  console.log('\nTutti goes on until Ctrl-C:')
  console.log(`  dashboard  ${paint('cyan', `${url}/dashboard`)}`)
  console.log(`  API docs   ${paint('cyan', `${url}/docs`)}`)
  console.log(`  this plan  ${paint('cyan', `${url}/v1/plans/${planId}`)}`)
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
