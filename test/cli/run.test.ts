import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type FakeService, startFakeService } from '../support/fake-service.ts'
import { runTutti, startTutti } from '../support/run-command.ts'

const PLAN = `# yaml-language-server: $schema=plan.schema.json
title: Review the auth service
tasks:
  - id: security
    description: Security review
    task: Look for holes
  - id: testing
    description: Test review
    task: Look for gaps
`

let service: FakeService
let env: Record<string, string>
let folder: string
let file: string
beforeEach(async () => {
  service = await startFakeService()
  env = { TUTTI_URL: service.url }
  folder = await mkdtemp(join(tmpdir(), 'tutti-cli-'))
  file = await plan(PLAN)
})
afterEach(async () => {
  await service.close()
  await rm(folder, { recursive: true })
})

async function plan(source: string, name = 'plan.yaml'): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, source)
  return path
}

describe('tutti run', () => {
  test('shows every task as it moves, then prints the synthesis', async () => {
    const command = startTutti(['run', file], { env })
    await command.shows(/plan plan-1 is queued/)
    service.newest().start('security')
    service.newest().start('testing')
    await command.shows(/started testing: Test review/)
    service.newest().run()
    const { code, stdout, stderr } = await command.finished
    expect(code).toBe(0)
    expect(stdout).toBe('# Synthesis 1\n\nAll in all, it is well.\n')
    expect(stderr).toMatch(/succeeded security after 2.5 s[\s\S]*succeeded testing after 2.5 s/)
    expect(stderr).toMatch(/plan succeeded; 2 of 2 tasks succeeded; in 2.5 s, 2.0 times as fast/)
    expect(stderr).not.toContain('\u001b')
  })

  test.each([
    ['some tasks failed', 2, ['security'], /failed security: The provider said no/],
    ['all tasks failed', 3, ['security', 'testing'], /plan failed/],
  ])('ends with a code of its own when %s', async (_, exitCode, failing, message) => {
    const command = startTutti(['run', file], { env })
    await command.shows(/plan plan-1/)
    for (const taskId of failing) service.newest().finish(taskId, 'failed')
    service.newest().run()
    const { code, stderr } = await command.finished
    expect(code).toBe(exitCode)
    expect(stderr).toMatch(message)
  })

  test('cancels the plan on the second Ctrl-C, not on the first', async () => {
    const command = startTutti(['run', file], { env })
    await command.shows(/plan plan-1/)
    command.child.kill('SIGINT')
    await command.shows(/Ctrl-C again cancels the plan/)
    expect(service.newest().status).toBe('queued')
    command.child.kill('SIGINT')
    const { code, stderr } = await command.finished
    expect(code).toBe(4)
    expect(stderr).toContain('plan cancelled')
    expect(service.newest().status).toBe('cancelled')
  })

  test('prints nothing but the result as JSON with --json', async () => {
    service.autorun = true
    const { code, stdout, stderr } = await runTutti(['run', file, '--json'], { env })
    expect(JSON.parse(stdout)).toMatchObject({
      plan: { id: 'plan-1', status: 'succeeded' },
      synthesis: { version: 1 },
      report: { speedup: 2 },
      tasks: [{ id: 'security' }, { id: 'testing' }],
    })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  test('returns at once with --no-wait, and prints the id', async () => {
    const { code, stdout } = await runTutti(['run', '--no-wait', file], { env })
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'plan-1\n' })
  })

  test('takes a title and an idempotency key', async () => {
    const args = ['run', '--no-wait', '--title', 'Mine', '--idempotency-key', 'k', file]
    await runTutti(args, { env })
    await runTutti(args, { env })
    expect([...service.plans.values()].map(({ submission }) => submission.title)).toEqual(['Mine'])
  })

  test('reads JSON with a schema in it, from the standard input too', async () => {
    const json = JSON.stringify({ $schema: './plan.schema.json', tasks: [{ prompt: 'A' }] })
    const fromInput = await runTutti(['run', '--no-wait', '-'], { env, input: json })
    expect(fromInput.code).toBe(0)
    const fromFile = await runTutti(['run', '--no-wait', await plan(json, 'plan.json')], { env })
    expect(fromFile.code).toBe(0)
    expect(service.requests.map(({ body }) => body)).toEqual(
      Array(2).fill({ tasks: [{ prompt: 'A' }] }),
    )
  })

  test('continues across a restart of the service', async () => {
    service.fail('GET /v1/plans/plan-1/events', { cutAfterEvents: 2 }, { cut: 'request' })
    const command = startTutti(['run', file], { env })
    await command.shows(/plan plan-1/)
    service.newest().run()
    const { code, stderr } = await command.finished
    expect(code).toBe(0)
    expect(stderr.match(/started security/g)).toHaveLength(1)
  })

  test('names the files in which tasks collide', async () => {
    const overlaps = [
      { tasks: ['security', 'testing'], kind: 'read/write', files: ['a.ts'], fileCount: 3 },
    ]
    const body = { code: 'overlapping-tasks', detail: 'Tasks collide.', overlaps }
    service.fail('POST', { answer: 422, body })
    expect(await runTutti(['run', file], { env })).toMatchObject({
      code: 1,
      stderr: 'tutti: Tasks collide.\n  security and testing (read/write): a.ts and 2 more\n',
    })
  })

  test('sends the key, and only in its header', async () => {
    await runTutti(['run', '--no-wait', file], { env: { ...env, TUTTI_API_KEY: 'secret' } })
    expect(service.requests[0]?.headers.authorization).toBe('Bearer secret')
    expect(service.requests[0]?.path).toBe('/v1/plans')
  })

  test('shows no control characters of a task on a terminal line', async () => {
    const nasty = await plan('tasks: [{ id: a, description: "\\e[2Jgone\\a", prompt: A }]')
    service.autorun = true
    const { stderr } = await runTutti(['run', nasty], { env })
    expect(stderr).not.toContain('\u001b')
  })
})

describe('tutti validate', () => {
  test('prints waves, overlaps, advice and an estimate, and stores nothing', async () => {
    const { code, stdout } = await runTutti(['validate', file], { env })
    expect(code).toBe(0)
    expect(stdout).toBe(
      [
        '2 tasks in 1 wave',
        '  wave 1: security, testing',
        'overlap: a and b (write/write): src/app.ts',
        'advice: One task gains nothing.',
        'estimate: 100 to 900 tokens, $0.01 to $0.09\n',
      ].join('\n'),
    )
    expect(service.plans.size).toBe(0)
  })

  test('names the field and the line of what is wrong', async () => {
    const wrong = await plan(`title: Wrong
tasks:
  - id: not a slug
    task: A
  # a comment
  - id: b
    task: B
    timeoutMs: soon
  - id: c
`)
    const { code, stderr } = await runTutti(['validate', wrong], { env })
    expect(code).toBe(1)
    expect(stderr).toContain(`${wrong}:3: tasks[0].id: must be a slug`)
    expect(stderr).toContain(`${wrong}:8: tasks[1].timeoutMs: `)
    expect(stderr).toContain(`${wrong}:9: tasks[2].task: is required`)
  })

  test('names the line in JSON too, and gives the problem as JSON', async () => {
    const wrong = await plan('{\n  "tasks": [\n    { "id": "a" }\n  ]\n}', 'wrong.json')
    const { stderr } = await runTutti(['validate', wrong], { env })
    expect(stderr).toContain(`${wrong}:3: tasks[0].task: is required`)
    const asJson = await runTutti(['validate', '--json', wrong], { env })
    expect(asJson.code).toBe(1)
    expect(JSON.parse(asJson.stdout)).toMatchObject({ code: 'invalid-request' })
  })

  test.each([
    ['YAML', 'tasks:\n  - id: a\n  prompt: [', /plan\.yaml:\d:\d+: \S+/],
    ['JSON', '{\n  "tasks": [}\n', /plan\.yaml:2:\d+: \S+/],
    ['a list', '- a\n', /a plan is a mapping/],
    ['nothing', '', /a plan is a mapping/],
  ])('says where a file is not %s or not a plan', async (_, source, message) => {
    const { code, stderr } = await runTutti(['validate', await plan(source)], { env })
    expect(code).toBe(1)
    expect(stderr).toMatch(message)
    expect(stderr).not.toContain('    at ')
    expect(service.requests).toEqual([])
  })
})
