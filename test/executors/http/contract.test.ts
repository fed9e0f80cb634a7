import { TaskState } from '@a2a-js/sdk'
import { vi } from 'vitest'
import { httpExecutor } from '../../../src/executors/http/http-executor.ts'
import { AgentsSettings, resolveAgents } from '../../../src/executors/http/options.ts'
import { describeExecutor } from '../../support/executor-contract.ts'
import { aRequest } from '../requests.ts'
import { aRemoteAgent, text } from './remote-agent.ts'

const ways = [
  { transport: 'JSONRPC', streaming: true },
  { transport: 'JSONRPC', streaming: false },
  { transport: 'HTTP+JSON', streaming: true },
  { transport: 'HTTP+JSON', streaming: false },
] as const

for (const way of ways) {
  const name = `http, by ${way.transport} ${way.streaming ? 'with' : 'without'} events`
  describeExecutor(name, async () => {
    let hanging = 0
    const agent = await aRemoteAgent(async ({ prompt, status, artifact, cancelled }) => {
      status(TaskState.TASK_STATE_WORKING)
      if (prompt.includes('hang')) {
        artifact('result', [text('so far')])
        hanging += 1
        await cancelled
        return
      }
      const usage = { inputTokens: 10, outputTokens: 3, steps: 1, costUsd: 0.001 }
      artifact('result', [text('All is well.')], { metadata: { usage } })
      status(TaskState.TASK_STATE_COMPLETED)
    }, way)
    const settings = AgentsSettings.parse({
      reviewer: { url: agent.url, description: 'Reviews.' },
      other: { url: 'http://127.0.0.1:1', description: 'Is not there.' },
    })
    const options = { agent: 'reviewer' }
    return {
      executor: httpExecutor({ agents: resolveAgents(settings, {}) }),
      succeeds: aRequest({ executor: 'http', options }),
      hangs: aRequest({ executor: 'http', options }, { prompt: 'hang' }),
      usesTokens: true,
      async hanging() {
        await vi.waitUntil(() => hanging > 0, { timeout: 60_000, interval: 5 })
        hanging = 0
      },
      close: () => agent.close(),
    }
  })
}
