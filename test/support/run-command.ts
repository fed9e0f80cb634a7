import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

export interface Finished {
  /** The exit code; `null` when a signal ended it. */
  code: number | null
  stdout: string
  stderr: string
}

export interface Command {
  child: ChildProcess
  /** Resolves as soon as the output so far matches; fails when the command ends without it. */
  shows(pattern: RegExp): Promise<void>
  finished: Promise<Finished>
}

export const TUTTI = fileURLToPath(new URL('../../bin/tutti.js', import.meta.url))

/** Starts the real command, with only these variables set beside the path. */
export function startTutti(
  args: string[],
  { env = {}, input = '' }: { env?: Record<string, string>; input?: string } = {},
): Command {
  const child = spawn(process.execPath, [TUTTI, ...args], {
    env: { PATH: process.env.PATH, ...env },
  })
  child.stdin.end(input)
  const checks = new Set<() => void>()
  let seen = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      seen += chunk.toString()
      for (const check of checks) check()
    })
  }
  const finished = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
    ([stdout, stderr, [code]]) => ({ code: code as number | null, stdout, stderr }),
  )
  return {
    child,
    finished,
    async shows(pattern) {
      const shown = new Promise<void>((resolve) => {
        const check = () => {
          if (!pattern.test(seen)) return
          checks.delete(check)
          resolve()
        }
        checks.add(check)
        check()
      })
      const ended = finished.then(({ stderr }) => {
        if (!pattern.test(seen)) throw new Error(`it never showed ${String(pattern)}: ${stderr}`)
      })
      await Promise.race([shown, ended])
    },
  }
}

/** Runs the real command to its end. */
export function runTutti(
  args: string[],
  options?: Parameters<typeof startTutti>[1],
): Promise<Finished> {
  return startTutti(args, options).finished
}
