import { type ChildProcess, spawn } from 'node:child_process'
import type { SpawnRequest } from './sdk.ts'

/** The process of one agent, with whatever it starts itself. */
export interface AgentProcess {
  /** For the SDK to call, once. */
  start(request: SpawnRequest): ChildProcess
  wasStarted(): boolean
  /** Ends all of it at once, and resolves when it is gone. The SDK itself would wait for two seconds. */
  end(): Promise<void>
}

export function agentProcess(): AgentProcess {
  let child: ChildProcess | undefined
  let isGone = false
  let gone: Promise<void> = Promise.resolve()
  return {
    start({ command, args, cwd, env }) {
      // Its standard error may quote prompts. A group of its own, to be ended as a whole.
      const started = spawn(command, args, {
        cwd,
        env,
        detached: true,
        stdio: ['pipe', 'pipe', 'ignore'],
      })
      child = started
      gone = new Promise((resolve) => {
        started.once('exit', () => {
          isGone = true
          // What it left behind still bears its number; later the number may be somebody else's.
          killGroup(started)
          resolve()
        })
        started.once('error', () => {
          if (started.pid === undefined) resolve()
        })
      })
      return started
    },
    wasStarted: () => child?.pid !== undefined,
    end() {
      if (child !== undefined && !isGone) killGroup(child)
      return gone
    },
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // ESRCH: nothing of it is left.
  }
}
