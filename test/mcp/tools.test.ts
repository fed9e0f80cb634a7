import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { Ajv } from 'ajv'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { STEP } from '../../src/http/openapi/example-steps.ts'
import { type FakeService, startFakeService } from '../support/fake-service.ts'

const COMMAND = fileURLToPath(new URL('../../bin/tutti-mcp.js', import.meta.url))
const PLAN = {
  tasks: [
    { id: 'a', description: 'First', prompt: 'A' },
    { id: 'b', description: 'Second', prompt: 'B' },
  ],
}

let service: FakeService
let client: Client
beforeEach(async () => {
  service = await startFakeService()
  client = new Client({ name: 'test', version: '1.0.0' })
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [COMMAND],
      env: { TUTTI_URL: service.url, TUTTI_API_KEY: 'key-1' },
    }),
  )
})
afterEach(async () => {
  await client.close()
  await service.close()
})

/** The answer as data, after checking that the text says the same. */
async function call(name: string, args: Record<string, unknown>): Promise<unknown> {
  const result = (await client.callTool({ name, arguments: args })) as CallToolResult
  expect(result.isError, textOf(result)).toBeUndefined()
  expect(JSON.parse(textOf(result))).toEqual(result.structuredContent)
  return result.structuredContent
}

async function failure(name: string, args: Record<string, unknown>): Promise<string> {
  const result = (await client.callTool({ name, arguments: args })) as CallToolResult
  expect(result.isError).toBe(true)
  return textOf(result)
}

function textOf({ content }: CallToolResult): string {
  const [first] = content
  return first?.type === 'text' ? first.text : ''
}

describe('the list of tools', () => {
  test('speaks the words of the pattern, and costs an assistant little', async () => {
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name).toSorted()).toEqual([
      'add_tasks',
      'cancel_plan',
      'get_synthesis',
      'launch_plan',
      'list_executors',
      'list_plans',
      'list_tasks',
      'message_task',
      'plan_status',
      'retry_task',
      'synthesize_again',
      'task_output',
      'task_steps',
      'todos',
      'validate_plan',
    ])
    expect(JSON.stringify(tools).length).toBeLessThan(22_000)
    expect(client.getInstructions()).toContain('ONE launch_plan call')
  })

  test('describes every argument, without references and without alternatives at the root', async () => {
    const { tools } = await client.listTools()
    for (const { inputSchema } of tools) {
      expect(JSON.stringify(inputSchema)).not.toContain('$ref')
      expect(inputSchema).not.toHaveProperty('oneOf')
      expect(inputSchema).not.toHaveProperty('anyOf')
    }
    const launch = tools.find(({ name }) => name === 'launch_plan')
    expect(Object.keys(launch?.inputSchema.properties ?? {})).toEqual(
      expect.arrayContaining(['tasks', 'pattern', 'goal', 'policy', 'workspace', 'synthesis']),
    )
    const validate = new Ajv({ strict: false }).compile(launch?.inputSchema ?? {})
    expect(validate(PLAN)).toBe(true)
    expect(validate({ policy: { onOverlap: 'never' } })).toBe(false)
  })

  test('says which tools change something', async () => {
    const { tools } = await client.listTools()
    const readOnly = tools.filter(({ annotations }) => annotations?.readOnlyHint === true)
    expect(readOnly.map(({ name }) => name)).not.toContain('launch_plan')
    expect(tools.find(({ name }) => name === 'cancel_plan')?.annotations).toMatchObject({
      destructiveHint: true,
    })
  })
})

describe('a plan', () => {
  test('is checked, launched, followed and read', async () => {
    expect(await call('validate_plan', PLAN)).toMatchObject({
      valid: true,
      taskCount: 2,
      waves: [['a', 'b']],
      estimate: { tokens: { low: 100, high: 900 } },
    })
    expect(await call('launch_plan', PLAN)).toMatchObject({
      planId: 'plan-1',
      taskCount: 2,
      tasks: [
        { id: 'a', description: 'First', wave: 1 },
        { id: 'b', description: 'Second', wave: 1 },
      ],
    })
    expect(service.requests.at(-1)?.headers.authorization).toBe('Bearer key-1')

    const plan = service.newest()
    plan.start('a')
    plan.start('b')
    expect(await call('todos', { planId: 'plan-1' })).toMatchObject({
      todos: [{ status: 'in_progress' }, { status: 'in_progress' }, { status: 'pending' }],
    })
    expect(await call('plan_status', { planId: 'plan-1' })).toMatchObject({
      status: 'running',
      finished: false,
      counts: { running: 2, total: 2 },
    })

    const waiting = call('task_output', { planId: 'plan-1', taskId: 'a' })
    plan.finish('a', 'succeeded', 'Found nothing.')
    expect(await waiting).toMatchObject({
      retrievalStatus: 'success',
      task: { id: 'a', status: 'succeeded', output: 'Found nothing.' },
    })
    const notReady = { planId: 'plan-1', taskId: 'b', block: false }
    expect(await call('task_output', notReady)).toMatchObject({ retrievalStatus: 'not_ready' })
    const timeout = { planId: 'plan-1', taskId: 'b', timeoutMs: 50 }
    expect(await call('task_output', timeout)).toMatchObject({ retrievalStatus: 'timeout' })

    const finished = call('plan_status', { planId: 'plan-1', waitMs: 60_000 })
    plan.run()
    expect(await finished).toMatchObject({ status: 'succeeded', finished: true })
    expect(await call('get_synthesis', { planId: 'plan-1' })).toMatchObject({
      version: 1,
      summary: expect.stringContaining('All in all'),
      succeeded: 2,
    })
    expect(await call('list_plans', { status: 'succeeded' })).toMatchObject({
      plans: [{ planId: 'plan-1' }],
      nextCursor: null,
    })
  })

  test('is cancelled, whole or in part, and a task is run again', async () => {
    await call('launch_plan', PLAN)
    expect(await call('cancel_plan', { planId: 'plan-1', taskId: 'a' })).toMatchObject({
      taskId: 'a',
      status: 'cancelled',
    })
    expect(await call('retry_task', { planId: 'plan-1', taskId: 'a' })).toMatchObject({
      status: 'queued',
    })
    expect(await call('cancel_plan', { planId: 'plan-1' })).toMatchObject({ status: 'cancelled' })
    expect(await call('list_tasks', { planId: 'plan-1', status: 'cancelled' })).toMatchObject({
      tasks: [{ id: 'a' }, { id: 'b' }],
    })
    expect(
      await call('synthesize_again', { planId: 'plan-1', instructions: 'Be brief' }),
    ).toMatchObject({ version: 1 })
  })
})

test('the steps of a task come in short, and one of them whole', async () => {
  await call('launch_plan', PLAN)
  const result = 'x'.repeat(5_000)
  const toolCalls = STEP.toolCalls.map((made) => ({ ...made, result }))
  service.newest().steps.set('a', [{ ...STEP, toolCalls }])
  const short = await call('task_steps', { planId: 'plan-1', taskId: 'a' })
  expect(short).toMatchObject({ steps: [{ number: 1, calls: [{ name: 'read' }] }] })
  expect(JSON.stringify(short).length).toBeLessThan(1_000)
  const whole = await call('task_steps', {
    planId: 'plan-1',
    taskId: 'a',
    step: 1,
    maxChars: 10_000,
  })
  expect(JSON.parse((whole as { step: string }).step)).toMatchObject({ toolCalls: [{ result }] })
})

describe('what is long', () => {
  test('comes in parts that join to the whole', async () => {
    await call('launch_plan', PLAN)
    const text = Array.from({ length: 2_000 }, (_, index) => `${index} 😀`).join(' ')
    service.newest().finish('a', 'succeeded', text)
    let read = ''
    for (let parts = 1; ; parts++) {
      const answer = (await call('task_output', {
        planId: 'plan-1',
        taskId: 'a',
        offset: read.length,
      })) as { task: { output: string; more?: string } }
      expect(JSON.stringify(answer).length).toBeLessThan(4_096)
      read += answer.task.output
      if (answer.task.more === undefined) break
      expect(answer.task.more).toContain(`offset ${read.length}`)
      expect(parts).toBeLessThan(10)
    }
    expect(read).toBe(text)
  })

  test('in a synthesis is named, with how to get the rest', async () => {
    await call('launch_plan', PLAN)
    const findings = Array.from({ length: 120 }, (_, index) => ({
      id: `f-${index + 1}`,
      title: `Finding ${index + 1}`,
      severity: 'high' as const,
      confidence: 0.9,
      detail: 'd'.repeat(5_000),
      sources: ['a'],
    }))
    service.newest().synthesize({ findings, summary: 's'.repeat(30_000) })
    const overview = await call('get_synthesis', { planId: 'plan-1' })
    expect(JSON.stringify(overview).length).toBeLessThan(4_096)
    expect(overview).toMatchObject({
      more: [
        'the rest of the summary: part "summary"',
        expect.stringMatching(/^1\d\d more findings: part "findings"$/),
      ],
    })
    const page = { planId: 'plan-1', part: 'findings', offset: 110, maxChars: 100_000 }
    expect(await call('get_synthesis', page)).toMatchObject({
      findings: expect.arrayContaining([expect.objectContaining({ id: 'f-120' })]),
    })
  })
})

describe('what is many', () => {
  test('is as much as a short answer holds, and its cursor continues after it', async () => {
    const tasks = Array.from({ length: 60 }, (_, index) => ({
      id: `task-${index}`,
      description: `${index} `.repeat(20).trim(),
      prompt: 'x'.repeat(2_000),
    }))
    for (const [name, args] of [
      ['validate_plan', { tasks }],
      ['launch_plan', { tasks }],
      ['todos', { planId: 'plan-1' }],
      ['plan_status', { planId: 'plan-1' }],
    ] as const) {
      expect(JSON.stringify(await call(name, args)).length, name).toBeLessThan(4_096)
    }
    const seen: string[] = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = (await call('list_tasks', { planId: 'plan-1', ...(cursor && { cursor }) })) as {
        tasks: { id: string }[]
        nextCursor: string | null
      }
      expect(JSON.stringify(page).length).toBeLessThan(4_096)
      seen.push(...page.tasks.map(({ id }) => id))
      cursor = page.nextCursor
    }
    expect(seen).toEqual(tasks.map(({ id }) => id))
    const { tasks: asked } = (await call('list_tasks', { planId: 'plan-1', limit: 50 })) as {
      tasks: unknown[]
    }
    expect(asked).toHaveLength(50)
  })

  test('comes with the page on which people see the plan', async () => {
    const dashboard = `${service.url}/dashboard/plans/plan-1`
    expect(await call('launch_plan', PLAN)).toMatchObject({ dashboard })
    expect(await call('list_plans', {})).toMatchObject({ plans: [{ dashboard }] })
  })
})

describe('an error', () => {
  test('of a plan names the fields', async () => {
    const text = await failure('launch_plan', { tasks: [{ id: 'not a slug', prompt: 'A' }] })
    expect(text).toContain('Invalid request')
    expect(text).toContain('- /tasks/0/id: must be a slug')
  })

  test('of tasks that collide names the files', async () => {
    const overlaps = [{ tasks: ['a', 'b'], kind: 'write/write', files: ['x.ts'], fileCount: 1 }]
    const body = { code: 'overlapping-tasks', title: 'Overlapping tasks', detail: 'No.', overlaps }
    service.fail('POST', { answer: 422, body })
    expect(await failure('launch_plan', PLAN)).toMatch(/Overlapping tasks: No\.\noverlaps: .*x\.ts/)
  })

  test('of an argument names it', async () => {
    expect(await failure('task_output', { planId: 'p' })).toContain('taskId')
    expect(await failure('plan_status', { planId: 'p', waitMs: 'long' })).toContain('waitMs')
    expect(await failure('plan_status', { planId: 'p', wait: 60 })).toContain('wait')
  })

  test('of the service is its own text', async () => {
    expect(await failure('plan_status', { planId: 'nowhere' })).toContain(
      'there is no plan nowhere',
    )
    await call('launch_plan', PLAN)
    expect(await failure('get_synthesis', { planId: 'plan-1', waitMs: 0 })).toContain(
      'no version has been written yet',
    )
  })

  test('of a service that is away says what to do', async () => {
    service.fail('GET', ...Array(4).fill({ cut: 'request' }))
    expect(await failure('list_plans', {})).toContain('npm start')
  })

  test.each(['launch_plan', 'validate_plan', 'list_plans'])(
    'of a call without arguments is never one of the protocol: %s',
    async (name) => {
      await expect(client.callTool({ name })).resolves.toHaveProperty('content')
    },
  )

  test('of a tool that there is not is one of the protocol', async () => {
    await expect(client.callTool({ name: 'rm', arguments: {} })).rejects.toThrow('no tool rm')
  })
})

test('a call that the client gives up no longer waits on the service', async () => {
  await call('launch_plan', PLAN)
  const controller = new AbortController()
  const waiting = client.callTool(
    { name: 'plan_status', arguments: { planId: 'plan-1', waitMs: 600_000 } },
    undefined,
    { signal: controller.signal },
  )
  const plan = service.newest()
  const isWaitedFor = () => plan.changes.listenerCount('change') > 0
  await expect.poll(isWaitedFor).toBe(true)
  controller.abort('enough')
  await expect(waiting).rejects.toThrow()
  // The fake service notices when its connection closes, and stops to wait.
  await expect.poll(isWaitedFor).toBe(false)
})

test('executors are listed with what they need', async () => {
  expect(await call('list_executors', {})).toMatchObject({
    default: expect.any(String),
    executors: expect.arrayContaining([
      expect.objectContaining({ available: true, needsWorkspace: false }),
    ]),
  })
})
