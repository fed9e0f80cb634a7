import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { modelExecutor } from '../../../src/executors/model/executor.ts'
import { describeExecutor } from '../../support/executor-contract.ts'
import { aRequest } from '../requests.ts'
import { scriptedProvider, toolCall } from './scripted-provider.ts'

describeExecutor('model', async () => {
  const root = await mkdtemp(join(tmpdir(), 'tutti-agent-'))
  await writeFile(join(root, 'a.txt'), 'something to find\n')
  const usage = { input_tokens: 10, output_tokens: 5 }
  const search = { toolCalls: [toolCall('grep', { pattern: 'find' })], usage }
  const answer = { content: 'Done.', usage }
  const provider = await scriptedProvider([search, answer, search, answer])
  // Takes calls and never answers.
  let called = () => {}
  const isCalled = new Promise<void>((resolve) => {
    called = resolve
  })
  const silent = createServer(() => called())
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const { port } = silent.address() as AddressInfo
  const workspace = { root, writable: false }
  return {
    executor: modelExecutor({
      providers: { ...provider.providers, localBaseUrl: `http://127.0.0.1:${port}` },
      defaultModel: 'anthropic:claude-sonnet-4-5',
    }),
    succeeds: aRequest({}, { workspace }),
    hangs: aRequest({ model: 'local:silent' }, { workspace }),
    hanging: () => isCalled,
    usesTokens: true,
    async close() {
      await provider.stop()
      silent.closeAllConnections()
      silent.close()
      await rm(root, { recursive: true, force: true })
    },
  }
})
