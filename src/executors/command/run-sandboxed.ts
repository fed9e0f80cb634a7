import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { TransientError } from '../../core/contract/errors.ts'
import { shorten } from '../../core/text/shorten.ts'
import { STATUS_FD } from './sandbox.ts'

/** Output that is kept, in characters. */
const MAX_OUTPUT = 4_000_000
/** How long a command that is told to end may take for it. */
const GRACE_MS = 1_000
const MAX_STATUS = 10_000

export interface CommandEnd {
  /** Of the command; `undefined` when the sandbox never started it. */
  exitCode: number | undefined
  stdout: string
  /** The output was longer than what is kept of it. */
  cut: boolean
}

/**
 * Runs a command in its sandbox to its end. Settles when none of its processes is left.
 *
 * @throws The reason of `signal`, when it aborts: SIGTERM to all of its processes, then SIGKILL.
 * @throws {TransientError} `command-killed`, `command-not-started`.
 */
export function runSandboxed(options: {
  program: string
  arguments: string[]
  env: Record<string, string>
  stdin: string
  signal: AbortSignal
  onText: (text: string) => void
}): Promise<CommandEnd> {
  const { program, env, stdin, signal, onText } = options
  signal.throwIfAborted()
  const child = spawn(program, options.arguments, {
    env,
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore', 'pipe'],
  })
  const status = collect(child.stdio[STATUS_FD] as Readable, MAX_STATUS)
  const output = collect(child.stdout as Readable, MAX_OUTPUT, onText)
  // A command need not read what it is told.
  child.stdin?.on('error', () => {})
  child.stdin?.end(stdin)

  let timer: NodeJS.Timeout | undefined
  const onAbort = () => {
    for (const pid of insidersOf(child)) kill(pid, 'SIGTERM')
    timer = setTimeout(() => end(child), GRACE_MS)
  }
  signal.addEventListener('abort', onAbort, { once: true })

  return new Promise<CommandEnd>((resolve, reject) => {
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
      if (signal.aborted) reject(signal.reason)
      else if (killedBy !== null) {
        reject(
          new TransientError('The command was killed from outside.', { code: 'command-killed' }),
        )
      } else {
        resolve({ exitCode: exitCodeIn(status.text()), stdout: output.text(), cut: output.cut() })
      }
    })
  }).finally(() => {
    signal.removeEventListener('abort', onAbort)
    clearTimeout(timer)
    end(child)
  })
}

/** Reads a stream to its end, so that its writer never waits, and keeps the beginning. */
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

/** The sandbox writes one JSON object a line; the last one has the exit code. */
function exitCodeIn(status: string): number | undefined {
  const [, code] = /"exit-code"\s*:\s*(\d+)/.exec(status) ?? []
  return code === undefined ? undefined : Number(code)
}

/**
 * All processes in the sandbox. Signals to the first of a PID namespace are ignored unless it
 * waits for them, so each one is told by itself.
 */
function insidersOf(child: ChildProcess): number[] {
  return child.pid === undefined ? [] : descendantsOf(child.pid)
}

function descendantsOf(pid: number): number[] {
  try {
    const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    const children = list === '' ? [] : list.split(' ').map(Number)
    return children.flatMap((found) => [found, ...descendantsOf(found)])
  } catch {
    // It has ended meanwhile.
    return []
  }
}

/** The sandbox dies with the process that made it, and everything in it with the sandbox. */
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
