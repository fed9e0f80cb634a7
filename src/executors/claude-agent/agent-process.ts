import { type ChildProcess, spawn } from 'node:child_process'
import type { CoreTimes } from '../../core/ports/executor.ts'
import { type CoreWatch, watchCores } from '../processes/core-times.ts'
import type { SpawnRequest } from './sdk.ts'

/** The process of one agent, including everything it starts. */
export interface AgentProcess {
  /** Called once, by the SDK. */
  start(request: SpawnRequest): ChildProcess
  wasStarted(): boolean
  /**
   * Kills the whole process group and resolves when it is gone. The SDK itself would wait for two
   * seconds.
   */
  end(): Promise<void>
  /** Once it has ended; `undefined` if it was not started. */
  coreTimes(): CoreTimes | undefined
}

export function agentProcess(): AgentProcess {
  let child: ChildProcess | undefined
  let isGone = false
  let coreWatch: CoreWatch | undefined
  let gone: Promise<void> = Promise.resolve()
  return {
    start({ command, args, cwd, env }) {
      // Its standard error is ignored, because it may quote prompts. A process group of its own can
      // be killed as a whole.
      const started = spawn(command, args, {
        cwd,
        env,
        detached: true,
        stdio: ['pipe', 'pipe', 'ignore'],
      })
      child = started
      coreWatch = watchCores(started.pid)
      gone = new Promise((resolve) => {
        started.once('exit', () => {
          isGone = true
          // Kill what it left behind now, while the process group id cannot belong to anybody else.
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
    coreTimes: () => coreWatch?.end(),
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // ESRCH: the group is gone.
  }
}
