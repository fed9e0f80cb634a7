/** Runs the checks and the test suites one after another, and sums up what passed and failed. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'

export interface Tally {
  passed: number
  failed: number
  /** What failed, one line each. */
  failures: string[]
}

/** The parts of vitest's JSON report that are used here. */
export interface VitestReport {
  numPassedTests: number
  numFailedTests: number
  testResults: {
    name: string
    status: string
    message: string
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[]
  }[]
}

interface Run {
  /** `undefined` if a signal ended it. */
  code: number | undefined
}

const ROOT = join(import.meta.dirname, '..')
const MINUTE = 60_000

/**
 * Counts tests. A file that could not be loaded counts as one failure, and so does a run that
 * failed without a failing test, because of an unhandled rejection for example.
 */
export function tallyOf(report: VitestReport | undefined, run: Run): Tally {
  if (report === undefined) return failedOnce('the tests ended without a report')
  const failures: string[] = []
  for (const { name, status, message, assertionResults } of report.testResults) {
    if (status !== 'failed') continue
    const file = relative(ROOT, name)
    const failed = assertionResults.filter((test) => test.status === 'failed')
    if (failed.length === 0) failures.push(`${file}: ${firstLine(message)}`)
    for (const { fullName, failureMessages } of failed) {
      failures.push(`${file}: ${fullName}: ${firstLine(failureMessages[0])}`)
    }
  }
  if (failures.length === 0 && run.code !== 0) {
    failures.push('the run failed with no test to show for it: see "Unhandled Errors" above')
  }
  return { passed: report.numPassedTests, failed: failures.length, failures }
}

function failedOnce(failure: string): Tally {
  return { passed: 0, failed: 1, failures: [failure] }
}

function firstLine(text: string | undefined): string {
  const [line = ''] = (text ?? '').split('\n', 1)
  return line.slice(0, 200)
}

async function run(command: string, args: readonly string[], limitMs: number): Promise<Run> {
  console.log(`\n$ ${command} ${args.join(' ')}`)
  const started = performance.now()
  const child = spawn(command, args, {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  })
  const code = await new Promise<number | undefined>((resolve) => {
    child.once('error', (error) => {
      console.error(error.message)
      resolve(undefined)
    })
    child.once('close', (exitCode) => resolve(exitCode ?? undefined))
  })
  const seconds = ((performance.now() - started) / 1_000).toFixed(1)
  console.log(`${code === 0 ? 'done' : 'FAILED'} after ${seconds} s: ${command} ${args.join(' ')}`)
  return { code }
}

async function check(command: string, ...args: string[]): Promise<Tally> {
  const { code } = await run(command, args, 10 * MINUTE)
  return code === 0
    ? { passed: 1, failed: 0, failures: [] }
    : failedOnce(`${command} ${args.join(' ')}`)
}

async function suite(name: string, limitMs: number, ...args: string[]): Promise<Tally> {
  const reportPath = join(ROOT, '.tutti', `${name}.json`)
  mkdirSync(join(ROOT, '.tutti'), { recursive: true })
  // The report of an earlier run must not be mistaken for one that was never written.
  rmSync(reportPath, { force: true })
  const ended = await run(
    'vitest',
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportPath}`, ...args],
    limitMs,
  )
  const report = existsSync(reportPath)
    ? (JSON.parse(readFileSync(reportPath, 'utf8')) as VitestReport)
    : undefined
  return tallyOf(report, ended)
}

async function main(filters: string[]): Promise<void> {
  const tallies: Tally[] = []
  if (filters.length > 0) {
    tallies.push(await suite('tests', 60 * MINUTE, ...filters))
  } else {
    tallies.push(await check('tsc', '--noEmit'))
    tallies.push(await check('tsc', '-p', 'dashboard'))
    tallies.push(await check('npm', 'run', '--silent', 'lint'))
    tallies.push(await suite('tests', 60 * MINUTE))
    const browser = 'test/browser/vitest.config.ts'
    if (existsSync(join(ROOT, browser))) {
      tallies.push(await suite('browser', 15 * MINUTE, '--config', browser))
    }
    // Compares the cost of a task with its minimum. Never a failure; warns if it has grown.
    if (process.platform === 'linux') await run('node', ['bench/against-floor.ts'], 10 * MINUTE)
  }
  const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0)
  const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0)
  // Failures come last, because logs are often read from their end.
  for (const failure of tallies.flatMap(({ failures }) => failures))
    console.log(`\nFAILED ${failure}`)
  console.log(`\n${passed} passed, ${failed} failed`)
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0
}

if (import.meta.main) await main(process.argv.slice(2))
