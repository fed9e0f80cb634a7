import { type ChildProcess, fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { getCompileCacheDir } from 'node:module'
import { join } from 'node:path'
import { PermanentError, TransientError } from '../../core/contract/errors.ts'
import type { ExecutionContext } from '../../core/ports/executor.ts'
import { watchCores } from '../processes/core-times.ts'
import type { AnalysisAnswer, AnalysisReport, AnalysisRequest } from './report.ts'

const MAX_HEAP_MIB = 1_024
const MAX_CAUSE_CHARS = 4_000

interface AnalysisContext extends Pick<ExecutionContext, 'signal' | 'onCoreTimes'> {
  temporaryDir: string
}

/**
 * Runs one analysis in a process of its own, in a process group with the linter that it starts, so
 * that both end at once with `signal`. The process gets none of our environment.
 *
 * @throws The reason of `signal`, when it aborts.
 * @throws {TransientError} The process was killed from outside.
 * @throws {PermanentError} `analysis-crashed`: its input crashed the process.
 */
export async function runAnalysis(
  request: Omit<AnalysisRequest, 'scratchDir'>,
  { temporaryDir, signal, onCoreTimes }: AnalysisContext,
): Promise<AnalysisReport> {
  signal.throwIfAborted()
  const scratchDir = await mkdtemp(join(temporaryDir, 'tutti-static-'))
  try {
    signal.throwIfAborted()
    return await runProcess({ ...request, scratchDir }, { signal, onCoreTimes })
  } finally {
    await rm(scratchDir, { recursive: true, force: true, maxRetries: 3 })
  }
}

async function runProcess(
  request: AnalysisRequest,
  { signal, onCoreTimes }: Pick<AnalysisContext, 'signal' | 'onCoreTimes'>,
): Promise<AnalysisReport> {
  const compiled = getCompileCacheDir()
  const child = fork(new URL('./analysis-child.ts', import.meta.url), {
    cwd: request.scratchDir,
    detached: true,
    // A linter needs none of the worker's keys and addresses, but compiled modules halve its start.
    env: compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled },
    execArgv: [`--max-old-space-size=${MAX_HEAP_MIB}`],
    // What a crash prints becomes its cause, for the log.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const coreWatch = watchCores(child.pid)
  const onAbort = () => killGroup(child)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await answerOf(child, request, signal)
  } finally {
    signal.removeEventListener('abort', onAbort)
    onCoreTimes?.(coreWatch.end())
    killGroup(child)
  }
}

/** Settles once the process has ended. */
function answerOf(
  child: ChildProcess,
  request: AnalysisRequest,
  signal: AbortSignal,
): Promise<AnalysisReport> {
  return new Promise((resolve, reject) => {
    let answer: AnalysisAnswer | undefined
    let printed = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (printed.length < MAX_CAUSE_CHARS) printed += text
    })
    child.once('message', (message: AnalysisAnswer) => {
      answer = message
    })
    child.once('error', (cause) => {
      // Without a pid it never started, and there will be no `close`.
      if (child.pid !== undefined) return
      const code = 'analysis-not-started'
      reject(new TransientError('the analysis could not be started', { code, cause }))
    })
    child.once('close', (exitCode, killedBy) => {
      if (signal.aborted) reject(signal.reason)
      else if (answer?.status === 'done') resolve(answer.report)
      else if (answer?.status === 'failed') reject(failure(answer))
      else reject(death(exitCode, killedBy, printed))
    })
    // If the process dies before it reads the request, `close` reports that.
    child.send(request, () => {})
  })
}

/** Why a process ended without an answer. */
function death(exitCode: number | null, killedBy: NodeJS.Signals | null, printed: string): Error {
  const cause = new Error(printed === '' ? 'it printed nothing' : printed)
  if (killedBy === 'SIGKILL' || killedBy === 'SIGTERM') {
    const code = 'analysis-killed'
    return new TransientError('the process of the analysis was killed', { code, cause })
  }
  const how = killedBy ?? `exit code ${exitCode}`
  return new PermanentError('analysis-crashed', `the analysis ended without a result (${how})`, {
    cause,
  })
}

function failure(answer: AnalysisAnswer & { status: 'failed' }): Error {
  const cause = new Error(answer.message)
  cause.stack = answer.stack
  return new PermanentError('analysis-failed', 'the files could not be analysed', { cause })
}

/** Kills the process and what it started; harmless if they have ended. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // ESRCH: the group is gone.
  }
}
