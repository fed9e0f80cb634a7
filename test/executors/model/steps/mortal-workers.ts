import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StepStore } from '../../../../src/core/ports/step-store.ts'
import type { TaskLife } from '../../../../src/core/ports/task-life.ts'
import { modelExecutor } from '../../../../src/executors/model/executor.ts'
import type { McpServer } from '../../../../src/executors/model/options.ts'
import { workspaces } from '../../../../src/workspace/workspaces.ts'
import { openUnits } from '../../../support/units.ts'
import { type Said, type SteppingProvider, steppingProvider } from './stepping-provider.ts'

// Workers that die in the middle of a task, in this process: whatever they ask of the store from then
// on is never answered, as little as the call that they wait for.

export const PHASES = [
  'before the call',
  'in the stream',
  'during a tool',
  'during the store',
] as const

export interface Kill {
  step: number
  phase: (typeof PHASES)[number]
  /** Of a kill during the store: whether the step had reached it. */
  isStored: boolean
}

const never = new Promise<never>(() => {})

export async function openAgents(
  redisUrl: string,
  script: readonly Said[],
  mcpServers: Record<string, McpServer> = {},
) {
  const units = await openUnits(redisUrl)
  const provider: SteppingProvider = await steppingProvider(script)
  const dataDir = await mkdtemp(join(tmpdir(), 'tutti-steps-'))
  const executor = modelExecutor({
    providers: { localBaseUrl: provider.url },
    defaultModel: 'local:m',
    mcpServers,
  })
  const folders = workspaces({ dataDir, roots: [], gitHosts: [] })

  /** A worker that dies where `kill` says. */
  function aWorker(kill?: Kill | undefined) {
    const { promise: death, resolve: die } = Promise.withResolvers<void>()
    let isDead = false
    const end = () => {
      isDead = true
      die()
      return never
    }
    provider.hook = async (step, phase) => {
      if (isDead || kill?.step !== step) return
      if (kill.phase === 'before the call' && phase === 'come') await end()
      if (kill.phase === 'in the stream' && phase === 'half') await end()
    }
    const steps: StepStore = {
      ...units.steps,
      resume: (...args) => (isDead ? never : units.steps.resume(...args)),
      async keep(keeper, step) {
        if (isDead) return never
        if (kill?.step === step.number) {
          if (kill.phase === 'during a tool') {
            await units.steps.keep(keeper, step)
            return end()
          }
          if (kill.phase === 'during the store' && step.isComplete) {
            if (kill.isStored) await units.steps.keep(keeper, step)
            return end()
          }
        }
        return units.steps.keep(keeper, step)
      },
    }
    const life: TaskLife = {
      ...units.life,
      end: (attempt) => (isDead ? never : units.life.end(attempt)),
    }
    const worker = units.aWorker({ life, steps, executor, workspaces: folders })
    return { ...worker, death }
  }

  return {
    units,
    provider,
    aWorker,
    async close() {
      await provider.close()
      await units.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

export type Agents = Awaited<ReturnType<typeof openAgents>>

/** A task of the executor `model`. */
export const agentTask = (rest: object = {}) => ({
  id: 'work',
  executor: 'model',
  prompt: 'Work, and report findings.',
  ...rest,
})
