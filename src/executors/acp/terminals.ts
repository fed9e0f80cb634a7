import { StringDecoder } from 'node:string_decoder'
import {
  type CreateTerminalRequest,
  type CreateTerminalResponse,
  RequestError,
  type TerminalExitStatus,
  type TerminalOutputResponse,
} from '@agentclientprotocol/sdk'
import { WORKSPACE } from '../sandbox/bubblewrap.ts'
import { type SandboxedCommand, startSandboxed } from '../sandbox/run-sandboxed.ts'

/** The most terminals that one agent may have open. */
const MOST_OPEN = 20
/** Characters of output kept, from the end, unless the agent asks for fewer. */
const MOST_OUTPUT = 1_000_000

interface Terminal {
  output: string
  truncated: boolean
  exit: TerminalExitStatus | undefined
  ended: Promise<TerminalExitStatus>
  kill(): void
}

/** Programs that run on behalf of an agent, each in a sandbox like its own, on the same folder. */
export interface Terminals {
  create(request: CreateTerminalRequest): Promise<CreateTerminalResponse>
  output(id: string): TerminalOutputResponse
  waitForExit(id: string): Promise<TerminalExitStatus>
  kill(id: string): void
  release(id: string): void
  /** Resolves when all of them have ended. */
  close(): Promise<void>
}

export function terminals(like: Omit<SandboxedCommand, 'command'>): Terminals {
  const open = new Map<string, Terminal>()
  let count = 0
  const known = (id: string): Terminal => {
    const terminal = open.get(id)
    if (terminal === undefined)
      throw RequestError.invalidParams(undefined, 'There is no such terminal.')
    return terminal
  }
  return {
    async create({ command, args = [], env = [], cwd, outputByteLimit }) {
      if (open.size >= MOST_OPEN) {
        throw RequestError.invalidParams(undefined, `At most ${MOST_OPEN} terminals may be open.`)
      }
      const folder = cwd ?? WORKSPACE
      const controller = new AbortController()
      const program = await startSandboxed({
        ...like,
        // The shell only changes the folder and does not interpret the arguments.
        command: ['sh', '-c', 'cd "$1" && shift && exec "$@" 2>&1', 'sh', folder, command, ...args],
        env: { ...like.env, ...Object.fromEntries(env.map(({ name, value }) => [name, value])) },
        signal: AbortSignal.any([like.signal, controller.signal]),
      })
      program.stdin.end()
      const limit = Math.min(outputByteLimit ?? MOST_OUTPUT, MOST_OUTPUT)
      const terminal: Terminal = {
        output: '',
        truncated: false,
        exit: undefined,
        ended: program.ended.then(
          (exitCode) => ({ exitCode: exitCode ?? null }),
          () => ({ exitCode: null, signal: 'SIGKILL' }),
        ),
        kill: () => controller.abort(new Error('killed')),
      }
      const decoder = new StringDecoder('utf8')
      program.stdout.on('data', (bytes: Buffer) => {
        const whole = terminal.output + decoder.write(bytes)
        terminal.truncated ||= whole.length > limit
        terminal.output = whole.slice(-limit).toWellFormed()
      })
      void terminal.ended.then((exit) => {
        terminal.exit = exit
      })
      count += 1
      const terminalId = `terminal-${count}`
      open.set(terminalId, terminal)
      return { terminalId }
    },

    output(id) {
      const { output, truncated, exit } = known(id)
      return { output, truncated, ...(exit === undefined ? {} : { exitStatus: exit }) }
    },

    waitForExit: (id) => known(id).ended,
    kill: (id) => known(id).kill(),

    release(id) {
      known(id).kill()
      open.delete(id)
    },

    async close() {
      for (const terminal of open.values()) terminal.kill()
      await Promise.all([...open.values()].map(({ ended }) => ended))
    },
  }
}
