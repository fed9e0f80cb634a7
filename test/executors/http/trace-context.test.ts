import { TaskState } from '@a2a-js/sdk'
import { expect, onTestFinished, test } from 'vitest'
import { httpExecutor } from '../../../src/executors/http/http-executor.ts'
import { AgentsSettings, resolveAgents } from '../../../src/executors/http/options.ts'
import { aContext, aRequest } from '../requests.ts'
import { aRemoteAgent, text } from './remote-agent.ts'

test('an agent gets the trace of its task with every request', async () => {
  const agent = await aRemoteAgent(
    async ({ status, artifact }) => {
      artifact('result', [text('All is well.')])
      status(TaskState.TASK_STATE_COMPLETED)
    },
    { transport: 'JSONRPC', streaming: false },
  )
  onTestFinished(() => agent.close())
  const settings = AgentsSettings.parse({ reviewer: { url: agent.url, description: 'Reviews.' } })
  const executor = httpExecutor({ agents: resolveAgents(settings, {}) })
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await executor.execute(aRequest({ executor: 'http' }, { traceparent }), aContext())
  expect(agent.requests.length).toBeGreaterThan(1)
  expect(new Set(agent.requests.map(({ headers }) => headers.traceparent))).toEqual(
    new Set([traceparent]),
  )
})
