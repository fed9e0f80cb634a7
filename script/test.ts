/** Runs the checks and the test suites one after another, and adds up what passed and failed. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

export interface Tally {
  passed: number
  failed: number
}

/** What vitest's JSON reporter writes, as far as it is read here. */
export interface VitestReport {
  numPassedTests: number
  numFailedTests: number
  testResults: { status: string; assertionResults: { status: string }[] }[]
}

interface Run {
  /** `undefined` when a signal ended it. */
  code: number | undefined
}

const ROOT = join(import.meta.dirname, '..')
const MINUTE = 60_000

/**
 * Counts tests, and as one failure each: a file that could not be loaded, and a run that failed
 * with no test to show for it, such as a rejection that nobody handled.
 */
export function tallyOf(report: VitestReport | undefined, run: Run): Tally {
  if (report === undefined) return { passed: 0, failed: 1 }
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  )
  const failed = report.numFailedTests + broken.length
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && run.code !== 0 ? 1 : failed,
  }
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
  if (code !== 0) console.error(`failed after ${seconds} s: ${command} ${args.join(' ')}`)
  return { code }
}

async function check(command: string, ...args: string[]): Promise<Tally> {
  const { code } = await run(command, args, 10 * MINUTE)
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}

async function suite(name: string, limitMs: number, ...args: string[]): Promise<Tally> {
  const reportPath = join(ROOT, '.tutti', `${name}.json`)
  mkdirSync(join(ROOT, '.tutti'), { recursive: true })
  // The report of an earlier run must not stand in for one that was never written.
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
    // Says what a task costs beside what it must cost: never a failure, a warning where that is more than it was.
    if (process.platform === 'linux') await run('node', ['bench/against-floor.ts'], 10 * MINUTE)
  }
  const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0)
  const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0)
  console.log(`\n${passed} passed, ${failed} failed`)
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0
}

if (import.meta.main) await main(process.argv.slice(2))
