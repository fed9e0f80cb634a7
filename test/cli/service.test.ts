import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { runTutti, startTutti, TUTTI } from '../support/run-command.ts'
import { echoTask, type Service, startService } from '../support/service.ts'

let service: Service
let env: Record<string, string>
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tutti-cli-'))
  service = await startService({
    redisUrl: inject('redisUrl'),
    prefix: `cli-${randomUUID().slice(0, 8)}`,
  })
  env = { TUTTI_URL: service.url }
})
afterAll(async () => {
  await service.stop()
  await rm(folder, { recursive: true })
})

async function planFile(plan: object): Promise<string> {
  const path = join(folder, `${randomUUID()}.json`)
  await writeFile(path, JSON.stringify(plan, null, 2))
  return path
}

test('the command runs a plan on the real service, to each of its outcomes', async () => {
  const failing = echoTask('failing', { failAttempts: 9 }, { attempts: 1 })
  const outcomes = [
    [0, { tasks: [echoTask('a'), echoTask('b', {}, { dependsOn: ['a'] })] }],
    [2, { tasks: [echoTask('a'), failing] }],
    [3, { tasks: [failing] }],
  ] as const
  for (const [exitCode, plan] of outcomes) {
    const { code, stdout } = await runTutti(['run', '--json', await planFile(plan)], { env })
    expect(code, stdout).toBe(exitCode)
    expect(JSON.parse(stdout)).toMatchObject({ synthesis: { version: 1 } })
  }
})

test('`tutti init` writes a plan that runs as it stands, and never over another', async () => {
  const file = join(folder, 'first.yaml')
  const { code } = await runTutti(['init', file], { env })
  expect(code).toBe(0)
  const ran = await runTutti(['run', '--json', file], { env })
  expect(JSON.parse(ran.stdout), ran.stderr).toMatchObject({ plan: { status: 'succeeded' } })
  expect(ran.stdout).toContain('Text is run as code')
  const again = await runTutti(['init', file], { env })
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('was left unchanged') })
})

test('the command cancels on the second Ctrl-C, retries, and writes the synthesis again', async () => {
  const file = await planFile({ tasks: [echoTask('stuck', { hang: true }), echoTask('quick')] })
  const command = startTutti(['run', file], { env })
  await command.shows(/succeeded quick/)
  command.child.kill('SIGINT')
  await command.shows(/Ctrl-C again/)
  command.child.kill('SIGINT')
  const { code, stderr } = await command.finished
  expect(code, stderr).toBe(4)
  const [, planId = ''] = /tutti output (\S+) TASK/.exec(stderr) ?? []

  const retried = await runTutti(['retry', '--wait', planId, 'quick'], { env })
  expect(retried.stderr).toContain('succeeded quick')
  const synthesis = await runTutti(['synth', planId, '--executor', 'merge', '--json'], { env })
  expect(JSON.parse(synthesis.stdout)).toMatchObject({ executor: 'merge', status: 'succeeded' })
  const output = await runTutti(['output', planId, 'quick'], { env })
  expect(output).toMatchObject({ code: 0, stdout: expect.stringContaining('Say quick.') })
  const list = await runTutti(['ls'], { env })
  expect(list.stdout).toContain(planId)
})

test('the command exports a synthesis for people, for code scanning and as a patch', async () => {
  const text = '## Findings\n\n1. **High** Text is run as code (`src/a.ts:2`)\n'
  const file = await planFile({
    title: 'Look',
    tasks: [{ id: 'a', executor: 'echo', prompt: text }],
  })
  const { stdout } = await runTutti(['run', '--json', file], { env })
  const planId: string = JSON.parse(stdout).plan.id
  const markdown = await runTutti(['synth', planId, '--format', 'markdown'], { env })
  expect(markdown).toMatchObject({ code: 0, stdout: expect.stringMatching(/^# Look\n/) })
  const sarif = await runTutti(['synth', planId, '--format', 'sarif', '--show', '1'], { env })
  expect(JSON.parse(sarif.stdout)).toMatchObject({ version: '2.1.0' })
  const patch = await runTutti(['synth', planId, '--format', 'patch'], { env })
  expect(patch).toMatchObject({ code: 0, stdout: '' })
  const both = await runTutti(['synth', planId, '--format', 'patch', '--model', 'a:b'], { env })
  expect(both.code).toBe(1)
})

test('the command shows which tasks collide, and on which files', async () => {
  const writes = (id: string, glob: string) => echoTask(id, {}, { files: { write: [glob] } })
  const file = await planFile({
    workspace: { files: { 'src/a.ts': '', 'src/b.ts': '' } },
    tasks: [writes('first', 'src/*.ts'), writes('second', 'src/a.ts')],
  })
  for (const command of ['run', 'validate']) {
    const { code, stderr, stdout } = await runTutti([command, file], { env })
    expect(code, stderr).toBe(1)
    expect(stderr + stdout).toMatch(/first.*second|second.*first/s)
    expect(stderr + stdout).toContain('src/a.ts')
  }
})

test('the command names the line of what the real service refuses', async () => {
  const file = await planFile({ tasks: [echoTask('a', { delayMs: 'long' }), { id: 'b' }] })
  const { code, stderr } = await runTutti(['validate', file], { env })
  expect(code).toBe(1)
  expect(stderr).toMatch(/:\d+: tasks\[1\]\.task: /)
  const cycle = await planFile({
    tasks: [echoTask('a', {}, { dependsOn: ['b'] }), echoTask('b', {}, { dependsOn: ['a'] })],
  })
  expect((await runTutti(['validate', cycle], { env })).stderr).toMatch(
    /:\d+: tasks\[\d\]\.depends/,
  )
})

test('an assistant launches a plan over MCP on the real service and reads what came of it', async () => {
  const client = new Client({ name: 'test', version: '1.0.0' })
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [TUTTI, 'mcp'], env }),
  )
  const tool = async (name: string, args: Record<string, unknown>) => {
    const result = await client.callTool({ name, arguments: args })
    expect(result.isError, JSON.stringify(result.content)).toBeUndefined()
    return result.structuredContent as Record<string, unknown>
  }
  const task = { task: 'Review for {{perspective}}.', executor: 'echo' }
  const perspectives = ['security', 'testing']
  const pattern = { pattern: { kind: 'perspectives', perspectives, task } }
  expect(await tool('validate_plan', pattern)).toMatchObject({ taskCount: 2 })
  const { planId } = await tool('launch_plan', pattern)
  expect(await tool('task_output', { planId, taskId: 'security' })).toMatchObject({
    retrievalStatus: 'success',
    task: { output: expect.stringContaining('Review for security.') },
  })
  expect(await tool('get_synthesis', { planId })).toMatchObject({
    version: 1,
    succeeded: 2,
  })
  expect(await tool('plan_status', { planId, waitMs: 10_000 })).toMatchObject({
    status: 'succeeded',
  })
  expect(await tool('todos', { planId })).toMatchObject({
    todos: Array(3).fill(expect.objectContaining({ status: 'completed' })),
  })
  await client.close()
})
