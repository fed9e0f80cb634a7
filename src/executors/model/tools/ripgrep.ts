import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { shorten } from '../../../core/text/shorten.ts'
import { Refusal } from './refusal.ts'

/** Only ignore files inside the workspace count: `.gitignore`, but no file outside of it. */
const SCOPE = [
  '--no-config',
  '--no-messages',
  '--hidden',
  '--no-require-git',
  '--no-ignore-parent',
  '--no-ignore-global',
  '--no-ignore-exclude',
  '--no-ignore-dot',
  // A single thread, so that results always come in the same order.
  '--sort=path',
]
/** A search that takes longer is too broad. */
const TIME_LIMIT_MS = 30_000
const MAX_COMPLAINT_CHARS = 500

/**
 * Runs ripgrep and passes its lines to `onLine` until that returns false. Links are not followed.
 * Runs without a shell or an environment, and is gone when this settles, whatever happens.
 *
 * @returns False if it was stopped before its end.
 * @throws {Refusal} For a pattern that ripgrep cannot parse.
 */
export async function runRipgrep(
  options: { cwd: string; args: string[]; signal: AbortSignal },
  onLine: (line: string) => boolean,
): Promise<boolean> {
  const { cwd, args, signal } = options
  signal.throwIfAborted()
  const { rgPath } = await import('@vscode/ripgrep')
  const child = spawn(rgPath, [...SCOPE, ...args], {
    cwd,
    env: {},
    shell: false,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code))
  })
  let stopped = false
  const stop = () => {
    stopped = true
    child.kill('SIGKILL')
  }
  const timer = setTimeout(stop, TIME_LIMIT_MS)
  signal.addEventListener('abort', stop, { once: true })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (complaint.length < MAX_COMPLAINT_CHARS) complaint += text
  })
  try {
    const lines = createInterface({ input: child.stdout })
    lines.on('line', (line) => {
      if (!stopped && !onLine(line)) stop()
    })
    const code = await closed
    signal.throwIfAborted()
    // 1 means that nothing was found; 2 may also come with complaints about single files.
    if (code === 2 && complaint.includes('error')) {
      throw new Refusal(`That pattern is not valid: ${shorten(complaint, MAX_COMPLAINT_CHARS)}`)
    }
    return !stopped
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}
