import { randomUUID } from 'node:crypto'
import { LLMock } from '@copilotkit/aimock'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { call, type Service, startService } from '../support/service.ts'

// The whole service on a model: an independent fake of the provider, over real HTTP.

const GOAL = 'Implement user authentication with login, registration and password reset'
const PARTS = ['login', 'registration', 'password-reset', 'middleware', 'integration-tests']

let service: Service
let provider: LLMock
/** What the next synthesis is answered with; the last one stays. */
let syntheses: string[] = []
let plans: string[] = []

const textOf = (request: unknown) => JSON.stringify(request)
const isPlanner = (text: string) => text.includes('The goal: ')
const isSynthesis = (text: string) => text.includes('## Your answer')

beforeAll(async () => {
  provider = new LLMock({ port: 0 })
  const usage = { prompt_tokens: 1_000, completion_tokens: 100 }
  provider.addFixture({
    match: { predicate: (request) => request.model === 'missing' },
    response: { error: { message: 'no such model' }, status: 404 },
  })
  provider.addFixture({
    match: { predicate: (request) => isPlanner(textOf(request)) },
    response: () => ({
      content: plans.length > 1 ? (plans.shift() ?? '') : (plans[0] ?? ''),
      usage,
    }),
  })
  provider.addFixture({
    match: { predicate: (request) => isSynthesis(textOf(request)) },
    response: () => ({
      content: syntheses.length > 1 ? (syntheses.shift() ?? '') : (syntheses[0] ?? ''),
      usage,
    }),
  })
  for (const part of PARTS) {
    const mine = (text: string) => text.includes(`Task: Write ${part}.`)
    provider.addFixture({
      match: {
        predicate: (request) =>
          mine(textOf(request)) && !request.messages.some(({ role }) => role === 'tool'),
      },
      response: {
        toolCalls: [
          {
            name: 'write',
            arguments: JSON.stringify({
              path: `src/${part}.ts`,
              content: `export const ${part.replaceAll('-', '_')} = true\n`,
            }),
          },
        ],
        usage,
      },
    })
    provider.addFixture({
      match: { predicate: (request) => mine(textOf(request)) },
      response: { content: `Wrote ${part}.`, usage },
    })
  }
  provider.addFixture({
    match: { predicate: () => true },
    response: { content: 'Nothing to report.', usage },
  })
  await provider.start()
  service = await startService({
    redisUrl: inject('redisUrl'),
    prefix: `test-${randomUUID().slice(0, 8)}`,
    env: {
      TUTTI_MODEL: 'local:scripted',
      LOCAL_BASE_URL: `${provider.url}/v1`,
      OPENAI_API_KEY: 'sk-test',
      OPENAI_BASE_URL: `${provider.url}/v1`,
    },
  })
})

afterAll(async () => {
  await service.stop()
  await provider.stop()
})

function planOf(writes: (part: string) => string): string {
  return JSON.stringify({
    tasks: PARTS.map((part) => ({
      id: part,
      description: `Write ${part}`,
      role: 'Backend engineer',
      task: `Write ${part}.`,
      files: { write: [writes(part)] },
    })),
  })
}

const SYNTHESIS = JSON.stringify({
  summary: 'All five parts are there.',
  findings: [],
  dropped: [],
  conflicts: [],
  actions: [{ action: 'Review the merged commit', why: 'It is new.', findings: [] }],
})

interface Finished {
  id: string
  status: string
  counts: Record<string, number>
  usage: { inputTokens: number; steps: number }
  waves: string[][]
  synthesis: {
    executor: string
    summary: string
    notes: string[]
    edits?: { base: string; commit?: string; merged: string[]; conflicts: unknown[]; patch: string }
  }
}

function submit(body: object, query = '') {
  return call<Finished & { errors: unknown[] }>(`${service.url}/v1/plans${query}`, 'POST', body, {
    prefer: 'wait=60',
  })
}

const workspace = { files: { 'README.md': '# Sample\n', 'src/index.ts': 'export {}\n' } }

describe('a plan on a model', () => {
  test("the pattern's own example: a goal, five tasks, five folders, one merged commit, a synthesis", async () => {
    plans = [planOf((part) => `src/${part}.ts`)]
    syntheses = [SYNTHESIS]
    const { status, body } = await submit({ goal: GOAL, workspace })
    expect(status).toBe(200)
    expect(body).toMatchObject({ status: 'succeeded', counts: { succeeded: 5 }, waves: [PARTS] })
    expect(body.synthesis).toMatchObject({
      executor: 'model',
      summary: expect.stringContaining('All five parts are there.'),
      edits: { merged: PARTS, conflicts: [] },
    })
    expect(body.synthesis.edits?.commit).toMatch(/^[0-9a-f]{40}$/)
    for (const part of PARTS) expect(body.synthesis.edits?.patch).toContain(`+++ b/src/${part}.ts`)
    // One call to plan, two for each task, one for the synthesis: each counted once.
    expect(body.usage).toMatchObject({ inputTokens: 12_000, steps: 12 })
  })

  test('a plan of the planner whose tasks collide goes back to it once, with the reasons', async () => {
    plans = [planOf(() => 'src/all.ts'), planOf((part) => `src/${part}.ts`)]
    syntheses = [SYNTHESIS]
    const before = provider.getRequests().length
    const { status, body } = await submit({ goal: GOAL, workspace })
    expect(status).toBe(200)
    expect(body.status).toBe('succeeded')
    const asked = provider
      .getRequests()
      .slice(before)
      .map((request) => textOf(request.body))
      .filter(isPlanner)
    expect(asked).toHaveLength(2)
    expect(asked[1]).toContain('login and registration would both work on src/all.ts')
  })

  test('a plan of the planner that breaks rules goes back with what is wrong, and chooses no executors', async () => {
    const badly = { id: 'not a slug', role: 'Engineer', task: 'Write it.', executor: 'command' }
    plans = [
      JSON.stringify({
        tasks: [{ ...badly, files: { write: ['/etc/passwd'] }, dependsOn: ['x'] }],
      }),
      planOf((part) => `src/${part}.ts`),
    ]
    const before = provider.getRequests().length
    const { status } = await submit({ goal: GOAL, workspace }, '?dryRun=true')
    expect(status).toBe(200)
    const [, again, ...more] = provider.getRequests().slice(before)
    expect(textOf(again?.body as never)).toContain('/tasks/0/id must be a slug')
    expect(textOf(again?.body as never)).toContain('/tasks/0/files/write/0 must be relative')
    expect(textOf(again?.body as never)).not.toContain('executor')
    expect(more).toEqual([])
  })

  test('a planner that cannot do it is an answer that says why, and nothing is stored', async () => {
    plans = [planOf(() => 'src/all.ts')]
    const { status, body } = await submit({ goal: GOAL, workspace })
    expect(status).toBe(422)
    expect(body).toMatchObject({ type: '/problems/goal-not-planned' })
  })

  test('a dry run of a goal shows the tasks and runs none', async () => {
    plans = [planOf((part) => `src/${part}.ts`)]
    const { status, body } = await submit({ goal: GOAL, workspace }, '?dryRun=true')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      waves: [PARTS],
      overlaps: [],
      tasks: [{ files: { write: ['src/login.ts'] } }, {}, {}, {}, {}],
    })
    plans = [JSON.stringify({ tasks: [{ id: 'all', task: 'Write everything.' }] })]
    const alone = await submit({ goal: GOAL, workspace }, '?dryRun=true')
    expect(alone.body).toMatchObject({ advice: [{ code: 'single-task' }] })
  })

  test('a model that writes garbage for a synthesis three times is replaced by the merge, which says so', async () => {
    syntheses = ['This is no JSON.']
    const { body } = await submit({
      tasks: [{ id: 'a', prompt: 'Look around.', executor: 'model' }],
    })
    expect(body.status).toBe('succeeded')
    expect(body.synthesis.executor).toBe('merge')
    expect(body.synthesis.notes.join(' ')).toContain('deterministic merge')
  })

  test('a budget that is used up starts nothing more, keeps what was finished, and can be raised', async () => {
    syntheses = [SYNTHESIS]
    const { body } = await submit({
      mode: 'sequential',
      // Enough for one call of the most that it may cost, and then for none.
      policy: { budgetUsd: 0.012 },
      tasks: ['a', 'b', 'c', 'd', 'e'].map((id) => ({
        id,
        prompt: `Look at ${id}.`,
        executor: 'model',
        model: 'openai:gpt-4o',
      })),
    })
    expect(body).toMatchObject({
      status: 'partial',
      counts: { succeeded: 2, skipped: 3 },
      stopped: { code: 'budget-exhausted' },
    })
    const self = `${service.url}/v1/plans/${body.id}`
    expect((await call(`${self}/resume`, 'POST', { budgetUsd: 10 })).status).toBe(202)
    const { body: resumed } = await call<Finished>(`${self}?wait=60`)
    expect(resumed).toMatchObject({ status: 'succeeded', counts: { succeeded: 5 } })
  })

  test('a task that asks for tools that write is kept apart, without saying which files', async () => {
    const tasks = ['login', 'registration'].map((id) => ({
      id,
      task: `Write ${id}.`,
      executor: 'model',
      tools: ['read', 'write'],
    }))
    const plan = { workspace: { files: { 'README.md': '# Sample' } }, tasks, synthesis: {} }
    const refused = await submit({ ...plan, policy: { onOverlap: 'reject' } })
    expect(refused.status).toBe(422)
    expect(JSON.stringify(refused.body)).toContain('login')

    syntheses = [SYNTHESIS]
    const { body } = await submit({ ...plan, policy: { onOverlap: 'isolate' } })
    expect(body.status).toBe('succeeded')
    expect(body.waves).toHaveLength(1)
    const { body: synthesis } = await call<Finished['synthesis']>(
      `${service.url}/v1/plans/${body.id}/synthesis`,
    )
    expect(synthesis.edits).toMatchObject({ merged: ['login', 'registration'], conflicts: [] })
    const { body: inOrder } = await submit({ ...plan, policy: { onOverlap: 'serialize' } })
    expect(inOrder.waves).toHaveLength(2)

    // A task without such a tool only reads, whatever the policy.
    const readers = tasks.map((task) => ({ ...task, tools: undefined }))
    const { body: dry } = await call<{ overlaps: unknown[] }>(
      `${service.url}/v1/plans?dryRun=true`,
      'POST',
      { ...plan, tasks: readers, policy: { onOverlap: 'isolate' } },
    )
    expect(dry.overlaps).toEqual([])
  })

  test('says which model answered if the requested one was not available', async () => {
    const { body } = await submit({
      tasks: [
        {
          id: 'a',
          prompt: 'Look around.',
          executor: 'model',
          model: 'local:missing',
          options: { fallbackModels: ['openai:gpt-4o'] },
        },
      ],
      synthesis: false,
    })
    expect(body.status).toBe('succeeded')
    const task = `${service.url}/v1/plans/${body.id}/tasks/a`
    const { body: detail } = await call(task)
    expect(detail).toMatchObject({
      model: 'local:missing',
      answeredBy: 'openai:gpt-4o',
      attempts: [{ answeredBy: 'openai:gpt-4o' }],
    })
    const { body: output } = await call(`${task}/output`)
    expect(output).toMatchObject({ task: { answeredBy: 'openai:gpt-4o' } })
  })

  test('no prompt, output or key is logged', () => {
    const log = service.api.log() + service.workers.map((worker) => worker.log()).join('')
    expect(log).toContain('"msg"')
    for (const secret of ['Look around', 'Nothing to report', 'password-reset.ts', 'All five']) {
      expect(log).not.toContain(secret)
    }
  })
})
