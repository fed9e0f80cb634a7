import { type ChildProcess, spawn } from 'node:child_process'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PermanentError } from '../../core/contract/errors.ts'
import { semaphore } from '../semaphore.ts'

/** A git process exited with an unexpected code. */
export class GitFailure extends Error {
  override readonly name = 'GitFailure'
  readonly code: number | null
  /** In English, without secrets; may contain paths and addresses, so it is only for logs. */
  readonly stderr: string

  constructor(command: string, code: number | null, stderr: string) {
    super(`git ${command} ended with ${code ?? 'a signal'}`)
    this.code = code
    this.stderr = stderr
  }
}

/** The output exceeded the caller's limit. */
export class OutputTooLarge extends Error {
  override readonly name = 'OutputTooLarge'
}

export interface GitCall {
  gitDir: string
  /** Also the process's working directory. */
  workTree?: string
  /** Path of the index file, for commands that use one. */
  indexFile?: string
  /** False for a command without support for literal paths: its paths start with `./`. */
  literalPaths?: boolean
  input?: string | Buffer | AsyncIterable<Buffer>
  /** Further settings for this call, which never appear on a command line. */
  config?: Record<string, string>
  /** The only protocol that this call may use; none by default. */
  protocol?: string
  /** The date of this call's commits, in seconds since 1970. */
  date?: number
  /** Exit codes that are valid answers. Only 0 by default. */
  codes?: number[]
  maxOutputBytes?: number
  timeoutMs?: number
  signal?: AbortSignal | undefined
  /** Strings that must not appear in an error. */
  secrets?: string[]
}

export interface GitAnswer {
  code: number
  stdout: Buffer
}

export type Git = (args: string[], call: GitCall) => Promise<GitAnswer>

/** Local calls take milliseconds; one that takes this long hangs on something planted for it. */
const LOCAL_TIMEOUT_MS = 120_000
const MAX_OUTPUT_BYTES = 256 * 1024 ** 2
const KEPT_STDERR_CHARS = 4_000
const KILL_AFTER_MS = 2_000
const LOCAL_PROCESSES = 16

/**
 * Fixes every setting that could run a program, follow a link outside or depend on this machine,
 * overriding a repository's own config. No system or user config is read, and nothing is inherited
 * from this process's environment.
 */
const SETTINGS: Record<string, string> = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.untrackedCache': 'false',
  'core.attributesFile': '/dev/null',
  'core.excludesFile': '/dev/null',
  'core.autocrlf': 'false',
  'core.fileMode': 'true',
  'core.symlinks': 'true',
  'core.quotePath': 'false',
  'credential.helper': '',
  'fetch.recurseSubmodules': 'false',
  'submodule.recurse': 'false',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'http.followRedirects': 'false',
  'http.lowSpeedLimit': '1000',
  'http.lowSpeedTime': '30',
  'transfer.fsckObjects': 'true',
  // Old flaws in honest repositories, which are harmless.
  'fetch.fsck.zeroPaddedFilemode': 'ignore',
  'fetch.fsck.badTimezone': 'ignore',
  'fetch.fsck.missingSpaceBeforeDate': 'ignore',
}

const ENVIRONMENT: Record<string, string> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: '',
  GIT_SSH_COMMAND: 'ssh -oBatchMode=yes',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_OPTIONAL_LOCKS: '0',
}

/** Calls the machine's git. `environment` is added to each process's: a proxy, a `PATH`. */
export function gitCommand(environment: Record<string, string> = {}): Git {
  const local = semaphore(LOCAL_PROCESSES)
  return (args, call) => {
    const run = () => runGit(args, call, { ...ENVIRONMENT, ...environment, ...variables(call) })
    // A fetch waits for the network, and must not hold up local calls.
    return call.protocol === undefined ? local(run) : run()
  }
}

function variables(call: GitCall): Record<string, string> {
  const config = Object.entries({ ...SETTINGS, ...call.config })
  const date = `${call.date ?? 0} +0000`
  return {
    GIT_DIR: call.gitDir,
    ...(call.workTree === undefined ? {} : { GIT_WORK_TREE: call.workTree }),
    ...(call.indexFile === undefined ? {} : { GIT_INDEX_FILE: call.indexFile }),
    GIT_LITERAL_PATHSPECS: call.literalPaths === false ? '0' : '1',
    GIT_ALLOW_PROTOCOL: call.protocol ?? 'none',
    GIT_AUTHOR_NAME: COMMITTER.name,
    GIT_AUTHOR_EMAIL: COMMITTER.email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: COMMITTER.name,
    GIT_COMMITTER_EMAIL: COMMITTER.email,
    GIT_COMMITTER_DATE: date,
    GIT_CONFIG_COUNT: `${config.length}`,
    ...Object.fromEntries(config.map(([key], index) => [`GIT_CONFIG_KEY_${index}`, key])),
    ...Object.fromEntries(config.map(([, value], index) => [`GIT_CONFIG_VALUE_${index}`, value])),
  }
}

export const COMMITTER = { name: 'Tutti', email: 'tutti@localhost' }

async function runGit(
  args: string[],
  call: GitCall,
  env: Record<string, string>,
): Promise<GitAnswer> {
  call.signal?.throwIfAborted()
  // A process group of its own, because a fetch starts further processes that must end with it.
  const child = spawn('git', args, { env, cwd: call.workTree ?? call.gitDir, detached: true })
  const command = args[0] ?? ''
  const ended = endOf(child)
  const stop = stopper(child)
  const timer = setTimeout(
    () => stop(new GitFailure(command, null, 'took too long')),
    call.timeoutMs ?? LOCAL_TIMEOUT_MS,
  )
  const abort = () => stop(call.signal?.reason)
  call.signal?.addEventListener('abort', abort, { once: true })
  try {
    const [code, stdout, stderr] = await Promise.all([
      ended,
      collect(child.stdout, call.maxOutputBytes ?? MAX_OUTPUT_BYTES, stop),
      tail(child.stderr),
      feed(child, call.input, stop),
    ])
    if (stop.reason !== undefined) throw stop.reason
    if (code !== null && (call.codes ?? [0]).includes(code)) return { code, stdout }
    throw new GitFailure(command, code, redacted(stderr, call.secrets ?? []))
  } finally {
    clearTimeout(timer)
    call.signal?.removeEventListener('abort', abort)
  }
}

function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      reject(
        new PermanentError('workspace-refused', 'Git cannot be started on this worker.', { cause }),
      )
    })
    child.once('close', (code) => resolve(code))
  })
}

type Stop = ((reason: unknown) => void) & { reason: unknown }

/** Stops a process and its children: politely first, so that git removes its lock files. */
function stopper(child: ChildProcess): Stop {
  const stop: Stop = Object.assign(
    (reason: unknown) => {
      if (stop.reason !== undefined) return
      stop.reason = reason ?? new Error('aborted')
      signalGroup(child, 'SIGTERM')
      const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), KILL_AFTER_MS)
      child.once('close', () => clearTimeout(timer))
    },
    { reason: undefined as unknown },
  )
  return stop
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // The group has already ended.
  }
}

async function collect(stream: Readable, maxBytes: number, stop: Stop): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream) {
    bytes += chunk.length
    if (bytes <= maxBytes) chunks.push(chunk)
    else stop(new OutputTooLarge(`more than ${maxBytes} bytes`))
  }
  return Buffer.concat(chunks)
}

async function tail(stream: Readable): Promise<string> {
  let text = ''
  // Twice the kept length, so that a secret cut here is removed by the later cut.
  for await (const chunk of stream) text = (text + chunk).slice(-2 * KEPT_STDERR_CHARS)
  return text
}

async function feed(child: ChildProcess, input: GitCall['input'], stop: Stop): Promise<void> {
  if (child.stdin === null) return
  const source = typeof input === 'string' || input instanceof Buffer ? [input] : (input ?? [])
  try {
    await pipeline(Readable.from(source, { objectMode: false }), child.stdin)
  } catch (error) {
    // A process that exited early explains itself by its code; only a failing source is reported
    // here.
    const closed = error instanceof Error && 'code' in error && CLOSED.includes(String(error.code))
    if (!closed) stop(error)
  }
}

const CLOSED = ['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED']

function redacted(text: string, secrets: string[]): string {
  return secrets
    .reduce((left, secret) => left.replaceAll(secret, '[secret]'), text)
    .slice(-KEPT_STDERR_CHARS)
}
