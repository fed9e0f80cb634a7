import { mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { StepLog } from '../../../src/core/ports/steps.ts'
import { acpExecutor } from '../../../src/executors/acp/acp-executor.ts'
import { AcpAgents } from '../../../src/executors/acp/options.ts'
import { describeExecutor } from '../../support/executor-contract.ts'
import { aContext, aRequest } from '../requests.ts'

const AGENT = join(import.meta.dirname, 'an-agent.ts')
const PACKAGES = join(import.meta.dirname, '../../../node_modules')

async function executorWith(more: object = {}) {
  const readable = [process.execPath, AGENT, PACKAGES, await realpath(PACKAGES)]
  const command = [process.execPath, AGENT]
  const agent = { command, description: 'Does what it is told.', readable, ...more }
  return acpExecutor({ agents: AcpAgents.parse({ agent }) })
}

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tutti-acp-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const writing = (prompt: string, options: object = {}) =>
  aRequest(
    { options: { ...options }, files: { write: ['src/**', 'a.txt'] } },
    { prompt, workspace: { root, writable: true } },
  )

describeExecutor('acp', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-acp-'))
  const workspace = { root: folder, writable: true }
  return {
    executor: await executorWith(),
    succeeds: aRequest({}, { prompt: 'say All is well.', workspace }),
    hangs: aRequest({}, { prompt: 'background trap "" TERM; sleep 1000\nhang', workspace }),
    async hanging() {
      await vi.waitUntil(async () => (await readdir(folder)).includes('started'), {
        timeout: 20_000,
        interval: 5,
      })
      await rm(join(folder, 'started'))
    },
    close: () => rm(folder, { recursive: true, force: true }),
  }
})

test('its messages are text, its last one is the output; thoughts, tools and cost are kept apart', async () => {
  const kept: unknown[] = []
  const steps: StepLog = {
    resume: async () => ({ steps: [], retried: false }),
    keepAnswer: async ({ model, parts }) => {
      kept.push({
        model,
        parts: parts.map(({ type, delta, toolName, input }) => delta ?? [type, toolName, input]),
      })
    },
    keepResults: async (results) => {
      kept.push(results)
    },
    readMessages: async () => [],
    isAddressed: () => false,
    checkpoint() {},
  }
  const context = { ...aContext(), steps }
  const prompt =
    'say Looking\nthink Hm.\ntokens 100\ncall c1\nsay All is \nsay well.\ntokens 50\ncost 0.25'
  const outcome = await (await executorWith()).execute(writing(prompt), context)
  expect(outcome).toMatchObject({
    status: 'succeeded',
    output: { text: 'All is well.', reasoning: 'Hm.' },
    usage: { inputTokens: 150, outputTokens: 20, costUsd: 0.25, steps: 2 },
  })
  expect(context.text()).toBe('Looking\n\nAll is well.')
  expect(context.usages.at(-1)).toEqual(outcome.usage)
  expect(kept).toEqual([
    { model: 'acp:agent', parts: ['Hm.', 'Looking', ['tool-call', 'grep', '{"pattern":"x"}']] },
    [{ id: 'c1', result: 'two matches' }],
    { model: 'acp:agent', parts: ['All is well.'] },
  ])
})

test('usage that only its answer tells of counts, and what it told before is not counted twice', async () => {
  const executor = await executorWith()
  const told = await executor.execute(writing('say hi\ntotal 70'), aContext())
  expect(told.usage).toMatchObject({ inputTokens: 70, outputTokens: 10, steps: 1 })
  const twice = await executor.execute(writing('tokens 50\nsay hi\ntotal 70'), aContext())
  expect(twice.usage).toMatchObject({ inputTokens: 50, outputTokens: 10 })
})

test('files are served inside the workspace, as far as the task may read and write them', async () => {
  await writeFile(join(root, 'a.txt'), 'one\ntwo\n')
  await symlink('/etc/hostname', join(root, 'link'))
  const prompt = [
    'read /workspace/a.txt',
    'write /workspace/src/new.ts let it = 1',
    'write /workspace/b.txt outside of its globs',
    'read /etc/passwd',
    'read /workspace/../etc/passwd',
    'read /workspace/link',
    `read ${root}/a.txt`,
    'read /workspace/missing.txt',
    'see /workspace/src/new.ts',
    `see ${root}`,
  ].join('\n')
  const { output } = await (await executorWith()).execute(writing(prompt), aContext())
  const [read, written, unwanted, ...rest] = output.text.split('\n')
  expect(read).toBe(JSON.stringify({ content: 'one\ntwo\n' }))
  expect(written).toMatch(/^(null|\{\})$/)
  expect(unwanted).toContain('not among the files that this task may write')
  expect(rest.slice(0, 4)).toEqual(Array(4).fill(expect.stringMatching(/^refused: -32602 /)))
  expect(rest[4]).toMatch(/^refused: -32002 /)
  expect(rest.slice(5, 7)).toEqual(['true', 'false'])
  expect(await readFile(join(root, 'src/new.ts'), 'utf8')).toBe('let it = 1')
  expect(output.text).not.toContain('root:')
})

test('an agent is offered files only where the operator has us serve them', async () => {
  for (const serveFiles of [true, false]) {
    const executor = await executorWith({ serveFiles })
    const { output } = await executor.execute(writing('offered'), aContext())
    expect(JSON.parse(output.text)).toEqual({ readTextFile: serveFiles, writeTextFile: serveFiles })
  }
})

test('a terminal runs in a sandbox on the same files', async () => {
  await writeFile(join(root, 'a.txt'), 'one')
  const prompt = `terminal cat a.txt; ls ${root} 2>&1 | grep -c denied; echo err >&2; exit 4`
  const { output } = await (await executorWith()).execute(writing(prompt), aContext())
  expect(JSON.parse(output.text)).toEqual({ exitCode: 4, output: 'one0\nerr\n' })
})

test.each([
  ['allow', { edit: 'yes', execute: 'yes', 'edit /etc/x': 'no', read: 'yes' }],
  ['reject', { edit: 'no', execute: 'no', read: 'yes' }],
])('permission is given as the task says: %s', async (permissions, expected) => {
  const prompt = Object.keys(expected)
    .map((what) => `ask ${what}`)
    .join('\n')
  const request = writing(prompt, { permissions })
  const context = aContext()
  await (await executorWith()).execute(request, context)
  const answers = context
    .text()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { outcome: { optionId: string } }).outcome.optionId)
  expect(answers).toEqual(Object.values(expected))
})

test('an agent that edits and says nothing has edited; one that stops early is incomplete', async () => {
  const executor = await executorWith()
  expect(await executor.execute(writing('edit a.txt'), aContext())).toMatchObject({
    status: 'incomplete',
    reason: { code: 'empty-output' },
    unlessEdited: true,
  })
  expect(await readFile(join(root, 'a.txt'), 'utf8')).toBe('edited\n')
  for (const [reason, code] of [
    ['max_tokens', 'token-limit'],
    ['refusal', 'content-filter'],
  ]) {
    const outcome = await executor.execute(writing(`say Half\nstop ${reason}`), aContext())
    expect(outcome).toMatchObject({
      status: 'incomplete',
      reason: { code },
      output: { text: 'Half' },
    })
  }
})

test.each([
  ['exit', {}, 'PermanentError', 'agent-failed'],
  ['login', {}, 'PermanentError', 'agent-not-authenticated'],
  ['fail', {}, 'TransientError', 'agent-error'],
  ['say hi', { command: ['true'] }, 'PermanentError', 'agent-failed'],
  ['say hi', { env: { PROTOCOL: '99' } }, 'PermanentError', 'agent-protocol'],
])('%s with %o ends as %s %s, without a word of the agent', async (prompt, more, name, code) => {
  const heard: string[] = []
  const context = { ...aContext(), onStderr: (text: string) => heard.push(text) }
  const env = { KEY: 'sk-secret-1', ...('env' in more ? more.env : {}) }
  const running = (await executorWith({ ...more, env })).execute(writing(prompt), context)
  const error = await running.then(
    () => undefined,
    (reason: unknown) => reason as Error,
  )
  expect(error).toMatchObject({ name, code })
  expect(error?.message).not.toContain('quotes')
  if (prompt === 'exit') expect(heard).toEqual(['Cannot find module with [masked]\n'])
})
