import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { withWrites } from '../../../../src/core/contract/files-written.ts'
import { modelExecutor } from '../../../../src/executors/model/executor.ts'
import { allowedPrograms, ProgramsSettings } from '../../../../src/executors/sandbox/programs.ts'
import { aContext, aRequest } from '../../requests.ts'
import {
  type Scripted,
  type ScriptedProvider,
  scriptedProvider,
  toolCall,
} from '../scripted-provider.ts'

let provider: ScriptedProvider | undefined
let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tutti-run-'))
})
afterEach(async () => {
  await provider?.stop()
  provider = undefined
  await rm(root, { recursive: true, force: true })
})

const run = (...command: string[]) => toolCall('run', { command })

async function agentWith(script: Scripted[], settings: object = {}) {
  provider = await scriptedProvider(script)
  const programs = allowedPrograms(
    ProgramsSettings.parse({ programs: ['sh -c', 'no-such-program'], ...settings }),
  )
  return modelExecutor({ providers: provider.providers, defaultModel: 'local:m', programs })
}

const request = () =>
  aRequest(withWrites({ tools: ['run', 'write'] }), { workspace: { root, writable: true } })

/** What the tools said, call by call. */
function results(): unknown[] {
  const messages = provider?.calls().at(-1)?.body.messages ?? []
  return messages.filter(({ role }) => role === 'tool').map(({ content }) => content)
}

test('a task runs the programs of the list in its own folder, after the edits it asked for before', async () => {
  const executor = await agentWith(
    [
      {
        toolCalls: [
          toolCall('write', { path: 'a.txt', content: 'seven' }),
          run('sh', '-c', 'cat a.txt; echo wrong >&2; echo new > b.txt; exit 3'),
          run('rm', '-rf', '.'),
          run('no-such-program'),
          run('sh', '-c', 'yes "$KEY" | head -c 100000; echo the end'),
        ],
      },
      { content: 'Checked.' },
    ],
    { env: { KEY: 'sk-secret-1' } },
  )
  expect(executor.describe().tools).toContain('run')
  const outcome = await executor.execute(request(), aContext())
  expect(outcome).toMatchObject({ status: 'succeeded', output: { text: 'Checked.' } })
  const [, failed, refused, missing, long] = results()
  expect(failed).toMatch(/^exit code 3 \(after \d+ ms\)\nsevenwrong\n$/)
  expect(refused).toBe(
    'Error: this may not be run. Allowed commands start with: sh -c; no-such-program.',
  )
  expect(missing).toMatch(/^exit code 127 /)
  expect(long).toMatch(/\n\[masked\]\n.* characters left out …\]\n.*the end\n$/s)
  expect(String(long).length).toBeLessThan(30_000)
  expect(long).not.toContain('sk-secret-1')
  expect(await readFile(join(root, 'b.txt'), 'utf8')).toBe('new\n')
})

test('a program at its limit is killed, and the task continues', async () => {
  const executor = await agentWith(
    [{ toolCalls: [run('sh', '-c', 'echo begun; sleep 1000')] }, { content: 'It hangs.' }],
    { timeoutMs: 200 },
  )
  const outcome = await executor.execute(request(), aContext())
  expect(outcome).toMatchObject({ status: 'succeeded', output: { text: 'It hangs.' } })
  expect(results()).toEqual([
    expect.stringMatching(
      /^Error: The command ran longer than 200 ms\. \(after \d+ ms\)\nbegun\n$/,
    ),
  ])
})

test('an abort ends what runs, and nothing is begun after it', async () => {
  const script = 'trap "" TERM; echo up >> started; sleep 1000 & sleep 1000'
  const executor = await agentWith([
    { toolCalls: [run('sh', '-c', script), run('sh', '-c', script)] },
  ])
  const controller = new AbortController()
  const running = executor.execute(request(), aContext(controller.signal))
  running.catch(() => {})
  await vi.waitUntil(async () => (await readdir(root)).includes('started'), { timeout: 20_000 })
  controller.abort(new Error('cancelled'))
  await expect(running).rejects.toThrow('cancelled')
  expect(await readFile(join(root, 'started'), 'utf8')).toBe('up\n')
  // What ran there would still write.
  await writeFile(join(root, 'started'), '')
})

test('a task gets the tool only if it asks for it, and then counts as writing', async () => {
  const executor = await agentWith([{ content: 'Done.' }])
  await executor.execute(aRequest({}, { workspace: { root, writable: false } }), aContext())
  const names = provider?.calls()[0]?.body.tools?.map(({ function: { name } }) => name)
  expect(names).not.toContain('run')
  expect(withWrites({ tools: ['run'] })).toEqual({ tools: ['run'], files: { write: ['**'] } })
})

test.each([
  [undefined, undefined],
  [['true'], '/nowhere/bwrap'],
])('there is no such tool without programs and a sandbox: %s, %s', (programs, sandbox) => {
  const executor = modelExecutor({
    providers: { localBaseUrl: 'http://127.0.0.1:1' },
    defaultModel: 'local:m',
    programs: allowedPrograms(ProgramsSettings.parse({ programs }), { sandbox }),
  })
  expect(executor.describe().tools).not.toContain('run')
  expect(executor.validate(aRequest({ tools: ['run'] }).spec)).toMatchObject([
    { path: ['tools', 0] },
  ])
})
