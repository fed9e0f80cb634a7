import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { claudeAgentExecutor } from '../../../src/executors/claude-agent/claude-agent-executor.ts'
import { describeExecutor } from '../../support/executor-contract.ts'
import { aRequest } from '../requests.ts'
import { answer, result, standIn } from './stand-in.ts'

describeExecutor('claude-agent', async () => {
  const root = await mkdtemp(join(tmpdir(), 'tutti-agent-'))
  const agent = standIn(({ prompt }) =>
    prompt === 'Hang.'
      ? [...answer('Well'), 'hang']
      : [...answer('Done.'), result({ result: 'Done.' })],
  )
  const workspace = { root, writable: false }
  return {
    executor: claudeAgentExecutor({
      apiKey: 'sk-ant-secret-1',
      baseUrl: undefined,
      defaultModel: undefined,
      query: agent.query,
    }),
    succeeds: aRequest({}, { workspace }),
    hangs: aRequest({}, { workspace, prompt: 'Hang.' }),
    hanging: agent.hanging,
    usesTokens: true,
    close: () => rm(root, { recursive: true, force: true }),
  }
})
