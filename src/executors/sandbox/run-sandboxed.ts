import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { TransientError } from '../../core/contract/errors.ts'
import type { CoreTimes, Workspace } from '../../core/ports/executor.ts'
import { shorten } from '../../core/text/shorten.ts'
import { watchCores } from '../processes/core-times.ts'
import { descendantsOf } from '../processes/descendants.ts'
import { environmentOf, STATUS_FD, sandboxLine } from './bubblewrap.ts'
import type { Confinement } from './confinement.ts'
import { errorOutput } from './error-output.ts'
import { limitProcesses } from './process-limits.ts'
import type { HostProxy, Outside } from './proxy.ts'
import { relayed } from './relay.ts'
import { limitFolder } from './workspace-limit.ts'

/** Characters of output that are kept. */
const MAX_OUTPUT = 4_000_000
/** How long a program that is told to stop may take. */
const GRACE_MS = 1_000
const MAX_STATUS = 10_000

/** A program, and what it may use. */
export interface SandboxedCommand {
  /** Path of `bwrap`. */
  sandbox: string
  command: readonly string[]
  confinement: Confinement
  workspace: Workspace | undefined
  /** Added to the operator's settings; not secret. */
  env?: Record<string, string>
  signal: AbortSignal
  /** Replaces the system's network for allowed hosts. */
  outside?: Outside | undefined
  /** Called when the program has ended. */
  onCoreTimes?: ((times: CoreTimes) => void) | undefined
}

/** A program running in its sandbox. */
export interface SandboxedProcess {
  stdin: Writable
  stdout: Readable
  /**
   * Resolves when none of its processes is left, with the program's exit code; `undefined` if the
   * sandbox never started it.
   *
   * @throws The reason of `signal`, when it aborts: SIGTERM to all of its processes, then SIGKILL.
   * @throws {PermanentError} `cpu-limit`, `memory-limit`, `process-limit`, `workspace-too-large`.
   * @throws {TransientError} `command-timeout`, `command-killed`, `command-not-started`.
   */
  ended: Promise<number | undefined>
  /** The end of its standard error, without the values of its environment. */
  stderr(): string
}

export interface CommandEnd {
  /** The command's exit code; `undefined` if the sandbox never started it. */
  exitCode: number | undefined
  stdout: string
  /** The output was longer than the part that is kept. */
  cut: boolean
}

/** Runs a command in its sandbox to its end; see `SandboxedProcess.ended`. */
export async function runSandboxed(
  options: SandboxedCommand & {
    stdin: string
    onText?: ((text: string) => void) | undefined
    /** Gets its standard error, however the command ends. */
    onStderr?: ((text: string) => void) | undefined
  },
): Promise<CommandEnd> {
  const started = await startSandboxed(options)
  const output = collect(started.stdout, MAX_OUTPUT, options.onText)
  started.stdin.end(options.stdin)
  try {
    const exitCode = await started.ended
    return { exitCode, stdout: output.text(), cut: output.cut() }
  } finally {
    const stderr = started.stderr()
    if (stderr !== '') options.onStderr?.(stderr)
  }
}

/** @throws The reason of `signal`, if it has already aborted. */
export async function startSandboxed(options: SandboxedCommand): Promise<SandboxedProcess> {
  const { confinement, signal } = options
  signal.throwIfAborted()
  const { network } = confinement
  const proxy =
    typeof network === 'boolean' ? undefined : await openHostProxy(network, options.outside)
  try {
    signal.throwIfAborted()
    return start(options, proxy)
  } catch (error) {
    await proxy?.close()
    throw error
  }
}

/** Loaded only where it is used: an import of `node:http` takes 14 MB, see `http/problems/status-codes.ts`. */
async function openHostProxy(hosts: readonly string[], outside: Outside | undefined) {
  const { openProxy } = await import('./proxy.ts')
  return openProxy(hosts, outside)
}

function start(options: SandboxedCommand, proxy: HostProxy | undefined): SandboxedProcess {
  const { confinement, workspace, signal } = options
  const relay = proxy === undefined ? undefined : relayed(options.command, proxy.socketPath)
  const line = sandboxLine(relay?.command ?? options.command, confinement, workspace, relay?.bound)
  const child = spawn(options.sandbox, line.arguments, {
    env: { ...relay?.env, ...environmentOf(confinement), ...options.env },
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', ...line.given.map(() => 'pipe' as const)],
  })
  const status = collect(child.stdio[STATUS_FD] as Readable, MAX_STATUS)
  for (const [index, content] of line.given.entries()) {
    const descriptor = child.stdio[STATUS_FD + 1 + index] as Writable & Readable
    descriptor.on('error', () => {})
    descriptor.resume()
    descriptor.end(content)
  }
  const stderr = errorOutput(child.stderr as Readable, confinement)
  // A command does not have to read its input.
  child.stdin?.on('error', () => {})

  const { timeoutMs, maxWorkspaceBytes } = confinement
  const gentle = [
    ...(timeoutMs === undefined ? [] : [timeLimit(timeoutMs)]),
    ...(workspace?.writable ? [limitFolder(workspace.root, maxWorkspaceBytes)] : []),
  ]
  // Whatever overloads the machine is killed without SIGTERM first.
  const hard = child.pid === undefined ? undefined : limitProcesses(child.pid, confinement)
  const coreWatch = watchCores(child.pid)
  const stopping = AbortSignal.any([signal, ...gentle.map((limit) => limit.signal)])
  let timer: NodeJS.Timeout | undefined
  const onStop = () => {
    for (const pid of child.pid === undefined ? [] : descendantsOf(child.pid)) kill(pid, 'SIGTERM')
    timer = setTimeout(() => end(child), GRACE_MS)
  }
  const onOver = () => end(child)
  stopping.addEventListener('abort', onStop, { once: true })
  hard?.signal.addEventListener('abort', onOver, { once: true })

  const closed = new Promise<number | undefined>((resolve, reject) => {
    child.once('error', (cause) => {
      if (child.pid !== undefined) return
      reject(
        new TransientError('The sandbox could not be started.', {
          code: 'command-not-started',
          cause,
        }),
      )
    })
    child.once('close', (_code, killedBy) => {
      if (stopping.aborted) reject(stopping.reason)
      else if (hard?.signal.aborted) reject(hard.signal.reason)
      else if (killedBy !== null) {
        reject(
          new TransientError('The command was killed from outside.', { code: 'command-killed' }),
        )
      } else resolve(exitCodeIn(status.text()))
    })
  })
  const cleanUp = async () => {
    stopping.removeEventListener('abort', onStop)
    hard?.signal.removeEventListener('abort', onOver)
    clearTimeout(timer)
    for (const limit of gentle) limit.clear()
    hard?.clear()
    options.onCoreTimes?.(coreWatch.end())
    end(child)
    await proxy?.close()
  }
  const ended = (async () => {
    try {
      return await closed
    } finally {
      await cleanUp()
    }
  })()
  // Marks the rejection as handled; whoever awaits it later still gets it.
  ended.catch(() => {})
  return {
    stdin: child.stdin as Writable,
    stdout: child.stdout as Readable,
    ended,
    stderr: stderr.text,
  }
}

/** The operator's own limit for a command, which may be shorter than the task's. */
function timeLimit(timeoutMs: number) {
  const controller = new AbortController()
  const timer = setTimeout(() => {
    const message = `The command ran longer than ${timeoutMs} ms.`
    controller.abort(new TransientError(message, { code: 'command-timeout' }))
  }, timeoutMs)
  return { signal: controller.signal, clear: () => clearTimeout(timer) }
}

/** Reads a stream to its end, so that its writer never blocks, and keeps the beginning. */
function collect(stream: Readable, limit: number, onText?: (text: string) => void) {
  const decoder = new StringDecoder('utf8')
  let text = ''
  let cut = false
  const add = (piece: string) => {
    const kept = cut ? '' : shorten(piece, limit - text.length)
    cut ||= kept.length < piece.length
    text += kept
    if (kept !== '') onText?.(kept)
  }
  stream.on('data', (bytes: Buffer) => add(decoder.write(bytes)))
  stream.on('end', () => add(decoder.end()))
  stream.on('error', () => {})
  return { text: () => text, cut: () => cut }
}

/** The sandbox writes one JSON object per line; the last one has the exit code. */
function exitCodeIn(status: string): number | undefined {
  const [, code] = /"exit-code"\s*:\s*(\d+)/.exec(status) ?? []
  return code === undefined ? undefined : Number(code)
}

/** The sandbox dies with the process that made it, and everything in it dies with the sandbox. */
function end(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  kill(-child.pid, 'SIGKILL')
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // ESRCH: it has ended.
  }
}
