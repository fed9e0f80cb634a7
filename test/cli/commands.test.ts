import { execFileSync } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tutti } from '../../src/client/index.ts'
import { STEP } from '../../src/http/openapi/example-steps.ts'
import type { FakePlan } from '../support/fake-plan.ts'
import { type FakeService, startFakeService } from '../support/fake-service.ts'
import { freePort } from '../support/redis-server.ts'
import { runTutti, startTutti } from '../support/run-command.ts'

let service: FakeService
let env: Record<string, string>
let plan: FakePlan
beforeEach(async () => {
  service = await startFakeService()
  env = { TUTTI_URL: service.url }
  await tutti({ baseUrl: service.url }).plans.submit({
    title: 'Two tasks',
    tasks: [
      { id: 'a', prompt: 'A' },
      { id: 'b', prompt: 'B' },
    ],
  })
  plan = service.newest()
})
afterEach(() => service.close())

describe('tutti ls', () => {
  test('lists plans in columns, newest first', async () => {
    plan.run()
    const { code, stdout } = await runTutti(['ls'], { env })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^PLAN +STATUS +TASKS +AGE +TOOK +COST +TITLE\nplan-1 +succeeded +2\/2 /)
  })

  test('filters, limits and prints JSON', async () => {
    const { stdout } = await runTutti(['ls', '--status', 'queued', '--limit', '1', '--json'], {
      env,
    })
    expect(JSON.parse(stdout)).toMatchObject([{ id: 'plan-1', status: 'queued' }])
    expect(service.requests.at(-1)?.path).toBe('/v1/plans?status=queued&limit=1')
  })

  test('searches by words, time and cost', async () => {
    const args = ['--search', 'Two', '--since', '2h', '--until', '2126-01-31', '--min-cost', '0.5']
    expect((await runTutti(['ls', ...args], { env })).stdout).toContain('Two tasks')
    const asked = new URL(service.requests.at(-1)?.path ?? '', service.url).searchParams
    expect(asked.get('search')).toBe('Two')
    expect(asked.get('createdBefore')).toBe('2126-01-31T00:00:00.000Z')
    expect(asked.get('minCostUsd')).toBe('0.5')
    expect(Date.parse(asked.get('createdFrom') ?? '')).toBeLessThan(Date.now() - 7_100_000)
    expect((await runTutti(['ls', '--search', 'none'], { env })).stderr).toBe(
      'No plan is like that.\n',
    )
    expect((await runTutti(['ls', '--since', 'then'], { env })).stderr).toContain(
      'must be like 30m',
    )
  })

  test('says how to begin if there are no plans', async () => {
    service.plans.clear()
    const { stdout, stderr } = await runTutti(['ls'], { env })
    expect(stdout).toBe('')
    expect(stderr).toContain('tutti run')
  })
})

describe('tutti watch', () => {
  test('shows a plan that runs, and what it came to', async () => {
    plan.start('a')
    const command = startTutti(['watch', 'plan-1'], { env })
    await command.shows(/plan plan-1 is running/)
    plan.run()
    expect(await command.finished).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('# Synthesis 1'),
      stderr: expect.stringMatching(/succeeded a[\s\S]*plan succeeded/),
    })
  })

  test('leaves the plan alone on Ctrl-C', async () => {
    const command = startTutti(['watch', 'plan-1'], { env })
    await command.shows(/plan plan-1/)
    command.child.kill('SIGINT')
    expect(await command.finished).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('tutti watch plan-1'),
    })
    expect(plan.status).toBe('queued')
  })
})

describe('the plan that is meant', () => {
  test('may be named by the beginning of its id, or as the last', async () => {
    plan.finish('a', 'succeeded', 'Found.')
    for (const name of ['last', 'plan-1', 'pl']) {
      expect(await runTutti(['output', name, 'a'], { env })).toMatchObject({ stdout: 'Found.\n' })
    }
  })

  test('is not guessed where several begin so, or none', async () => {
    await tutti({ baseUrl: service.url }).plans.submit({ tasks: [{ prompt: 'C' }] })
    expect(await runTutti(['watch', 'plan'], { env })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^tutti: 2 plans begin with plan: plan-\d, plan-\d\.\n$/),
    })
    expect((await runTutti(['watch', 'plan-3'], { env })).stderr).toContain(
      'there is no plan plan-3',
    )
    service.plans.clear()
    expect((await runTutti(['watch', 'last'], { env })).stderr).toContain('There are no plans yet.')
  })
})

describe('tutti open and delete', () => {
  test('print the address of a page, and delete only what is confirmed', async () => {
    expect(await runTutti(['open', 'last'], { env })).toMatchObject({
      code: 0,
      stdout: `${service.url}/dashboard/plans/plan-1\n`,
    })
    expect(await runTutti(['delete', 'plan-1'], { env })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        'its 2 tasks, their outputs and the synthesis. Confirm with --yes',
      ),
    })
    expect(service.plans.size).toBe(1)
    expect(await runTutti(['delete', 'plan-1', '--yes'], { env })).toMatchObject({ code: 0 })
    expect(service.plans.size).toBe(0)
  })
})

describe('tutti compare', () => {
  test('says what is new, still there and gone since another run', async () => {
    const finding = (id: string, title: string) => ({
      id,
      title,
      severity: 'high' as const,
      confidence: 0.9,
      detail: '',
      file: 'a.ts',
      sources: ['a'],
    })
    plan.finish('a', 'failed')
    plan.synthesize({ findings: [finding('f-1', 'Uses eval'), finding('f-2', 'Logs a key')] })
    await tutti({ baseUrl: service.url }).plans.submit({ tasks: [{ id: 'a', prompt: 'A' }] })
    service.newest().finish('a', 'succeeded', '')
    service
      .newest()
      .synthesize({ findings: [finding('f-1', 'Logs a key'), finding('f-2', 'New one')] })
    const { code, stdout } = await runTutti(['compare', 'plan-1'], { env })
    expect(code).toBe(0)
    expect(stdout).toContain('New:\n  high: New one (a.ts)')
    expect(stdout).toContain('Gone:\n  high: Uses eval (a.ts)')
    expect(stdout).toContain('1 finding still there.')
    expect(stdout).toMatch(/TASK +BEFORE +AFTER\na +failed.* +succeeded/)
  })
})

describe('tutti completion', () => {
  test('completes commands, options and their values in bash', async () => {
    const { stdout: script } = await runTutti(['completion', 'bash'], { env })
    const complete = (...words: string[]) => {
      const ask = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _tutti; echo "\${COMPREPLY[*]}"`
      return execFileSync('bash', ['-c', `${script}\n${ask}`], { encoding: 'utf8' }).trim()
    }
    expect(complete('tutti', 're')).toBe('retry resume')
    expect(complete('tutti', '--url', 'http://x', 'retry', 'last', '--st')).toBe('--status')
    expect(complete('tutti', 'ls', '--status', 'par')).toBe('partial')
  })
})

describe('tutti output', () => {
  test('waits for the task and prints its output unchanged', async () => {
    const command = startTutti(['output', 'plan-1', 'a'], { env })
    plan.finish('a', 'succeeded', '# Findings\n\u001b[31mred')
    expect(await command.finished).toEqual({
      code: 0,
      stdout: '# Findings\n\u001b[31mred\n',
      stderr: '',
    })
  })

  test('ends with the code of the outcome', async () => {
    plan.finish('a', 'incomplete', 'half')
    expect(await runTutti(['output', 'plan-1', 'a'], { env })).toMatchObject({
      code: 2,
      stdout: 'half\n',
      stderr: 'a incomplete\n',
    })
    expect(await runTutti(['output', '--no-wait', 'plan-1', 'b'], { env })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'b is queued: no output yet\n',
    })
  })

  test('prints all there is with --json', async () => {
    plan.finish('a', 'failed')
    const { stdout } = await runTutti(['output', '--json', 'plan-1', 'a'], { env })
    expect(JSON.parse(stdout)).toMatchObject({
      retrievalStatus: 'success',
      task: { status: 'failed', error: { code: 'provider-error' } },
    })
  })
})

describe('tutti cancel and retry', () => {
  test('cancel a task, then the plan', async () => {
    expect(await runTutti(['cancel', 'plan-1', 'a'], { env })).toMatchObject({
      code: 0,
      stderr: 'a is cancelled\n',
    })
    const { stderr } = await runTutti(['cancel', 'plan-1'], { env })
    expect(stderr).toContain('plan cancelled; 2/2 tasks have ended')
    expect(await runTutti(['cancel', 'plan-1'], { env })).toMatchObject({
      code: 1,
      stderr: 'tutti: The plan has finished.\n',
    })
  })

  test('retry and cancel several tasks in one go', async () => {
    plan.finish('a', 'failed')
    plan.finish('b', 'failed')
    const retried = await runTutti(['retry', 'plan-1', '--status', 'failed'], { env })
    expect(retried).toMatchObject({
      code: 0,
      stderr: 'the tasks run again; a new version of the synthesis follows\n',
    })
    expect(plan.tasks.map(({ status }) => status)).toEqual(['queued', 'queued'])
    const cancelled = await runTutti(['cancel', 'plan-1', 'a', 'b'], { env })
    expect(cancelled).toMatchObject({ code: 0 })
    expect(plan.tasks.map(({ status }) => status)).toEqual(['cancelled', 'cancelled'])
    expect((await runTutti(['retry', 'plan-1', '--status', 'running'], { env })).code).not.toBe(0)
  })

  test('retry a task, and with --wait show what follows', async () => {
    plan.finish('a', 'failed')
    plan.run()
    const command = startTutti(['retry', '--wait', 'plan-1', 'a'], { env })
    await command.shows(/plan plan-1 is running/)
    plan.run()
    expect(await command.finished).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('# Synthesis 2'),
    })
  })
})

describe('tutti resume', () => {
  test('continues with a larger budget', async () => {
    const { code, stderr } = await runTutti(['resume', 'plan-1', '--budget', '0.5'], { env })
    expect([code, stderr]).toEqual([
      0,
      'the plan continues; a new version of the synthesis follows\n',
    ])
    const request = service.requests.at(-1)
    expect(request?.path).toBe('/v1/plans/plan-1/resume')
    expect(request?.body).toEqual({ budgetUsd: 0.5 })
  })

  test.each([[[]], [['--budget', '-1']], [['--budget', 'much']]])(
    'wants to know how much (%j)',
    async (args) => {
      const { code, stderr } = await runTutti(['resume', 'plan-1', ...args], { env })
      expect(code).toBe(1)
      expect(stderr).toContain('--budget <usd>')
    },
  )

  test('shows the plan to its end with --wait', async () => {
    const command = startTutti(['resume', 'plan-1', '--budget', '2', '--wait'], { env })
    await command.shows(/plan plan-1 is/)
    plan.run()
    expect(await command.finished).toMatchObject({ code: 0 })
  })
})

describe('tutti synth', () => {
  test('shows the newest version, or another one', async () => {
    plan.synthesize()
    plan.synthesize({ summary: '# Newer', notes: ['The model failed.'] })
    expect(await runTutti(['synth', 'plan-1', '--show'], { env })).toMatchObject({
      stdout: '# Newer\n',
      stderr: expect.stringContaining('note: The model failed.\nversion 2, by merge: 0 findings'),
    })
    const { stdout } = await runTutti(['synth', 'plan-1', '--show', '1', '--json'], { env })
    expect(JSON.parse(stdout)).toMatchObject({ version: 1 })
  })

  test('asks for another version and waits for it', async () => {
    plan.run()
    const args = ['synth', 'plan-1', '--instructions', 'Be brief', '--executor', 'merge']
    const { stdout } = await runTutti(args, { env })
    expect(stdout).toContain('{"instructions":"Be brief","executor":"merge"}')
  })

  test('says when there is none yet', async () => {
    expect(await runTutti(['synth', 'plan-1', '--show'], { env })).toMatchObject({
      code: 1,
      stderr: 'tutti: no version has been written yet\n',
    })
  })
})

describe('an error', () => {
  test('of a service that is not there is one sentence with what to do', async () => {
    const port = await freePort()
    const { code, stderr } = await runTutti(['ls', '--url', `http://127.0.0.1:${port}`])
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^tutti: no service answers at http:\/\/127\.0\.0\.1:\d+ \(.*ECONNREFUSED.*\)\. Start one with `npm start`.*\n$/,
    )
  })

  test.each([
    ['of a key that is missing', { answer: 401, body: { code: 'unauthorized' } }, 'TUTTI_API_KEY'],
    ['of another service', { answer: 200, body: '<html>' }, 'is not Tutti'],
    ['of the service', { answer: 500, body: { code: 'internal-error', title: 'Oh' } }, 'tutti: Oh'],
  ])('%s says so', async (_, fault, message) => {
    service.fail('GET', fault)
    const { code, stderr } = await runTutti(['ls'], { env })
    expect(code).toBe(1)
    expect(stderr).toContain(message)
  })

  test('in how the command is used names the argument', async () => {
    const { code, stderr } = await runTutti(['ls', '--limit', 'many'], { env })
    expect(code).toBe(1)
    expect(stderr).toContain("option '--limit <count>' argument 'many' is invalid")
  })
})

describe('help', () => {
  test('lists the commands, the exit codes and examples', async () => {
    const { code, stdout } = await runTutti(['--help'])
    expect(code).toBe(0)
    for (const word of ['run', 'validate', 'Exit codes', 'tutti run review.yaml']) {
      expect(stdout).toContain(word)
    }
  })

  test('prints the schema of plans', async () => {
    const { stdout } = await runTutti(['schema'])
    expect(JSON.parse(stdout)).toMatchObject({ title: 'A plan for Tutti' })
  })
})

describe('a plan whose edits are in conflict', () => {
  const edits = {
    base: 'base',
    merged: ['a'],
    conflicts: [{ path: 'shared.txt', tasks: ['a', 'b'] }],
    patch: 'diff --git a/a.txt b/a.txt\n',
  }
  beforeEach(() => {
    plan.finish('a')
    plan.finish('b')
    plan.synthesize({ edits })
    plan.end('partial', { code: 'merge-conflict', message: 'The edits of b are not in the patch.' })
  })

  test('ends with its own exit code, and says why', async () => {
    const { code, stderr } = await runTutti(['watch', 'plan-1'], { env })
    expect(code).toBe(5)
    expect(stderr).toContain('why: The edits of b are not in the patch.')
    const { stdout } = await runTutti(['ls'], { env })
    expect(stdout).toMatch(/partial +merge-conflict/)
  })

  test('exports its patch with a word on what is missing', async () => {
    const args = ['synth', 'plan-1', '--format', 'patch']
    expect(await runTutti(args, { env })).toEqual({
      code: 0,
      stdout: edits.patch,
      stderr: 'not in the patch: shared.txt of b, in conflict with a\n',
    })
  })

  test('exports no patch with --strict', async () => {
    const args = ['synth', 'plan-1', '--format', 'patch', '--strict']
    expect(await runTutti(args, { env })).toMatchObject({
      code: 5,
      stdout: '',
      stderr: expect.stringContaining('not in the patch: shared.txt of b'),
    })
  })
})

test('tutti tasks shows what queued tasks wait for, and why others failed', async () => {
  plan.finish('a', 'failed')
  Object.assign(plan.task('b') ?? {}, {
    waitingFor: [{ kind: 'dependency', taskId: 'a', status: 'failed' }],
  })
  const { code, stdout } = await runTutti(['tasks', 'plan-1'], { env })
  expect(code).toBe(0)
  expect(stdout).toMatch(/^TASK +STATUS +ATTEMPT +TOOK +WHY\na +failed .*The provider said no\./)
  expect(stdout).toMatch(/\nb +queued +0\/\d +waits for a \(failed\)/)
})

test('tutti submission prints a plan file that can be run again', async () => {
  const { code, stdout } = await runTutti(['submission', 'plan-1'], { env })
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    title: 'Two tasks',
    tasks: [{ id: 'a' }, { id: 'b' }],
  })
  expect(service.requests.at(-1)?.path).toBe('/v1/plans/plan-1/submission?files=true')
})

test('tutti steps prints what an agent said and did, with a filter for what failed', async () => {
  const failed = {
    ...STEP,
    number: 2,
    text: 'There is another file.',
    toolCalls: [
      {
        id: 'call-2',
        name: 'read',
        arguments: { path: 'gone.ts' },
        result: 'Error: There is no gone.ts.',
        isError: true,
      },
    ],
  }
  plan.steps.set('a', [STEP, failed])
  const { code, stdout } = await runTutti(['steps', 'plan-1', 'a'], { env })
  expect(code).toBe(0)
  expect(stdout).toContain('--- step 1: anthropic:claude-sonnet-4-5, 2.7 s, 3,160 tokens')
  expect(stdout).toContain(
    'I look at how sessions are verified.\n> read {"path":"src/auth/session.ts"}',
  )
  const errors = await runTutti(['steps', 'plan-1', 'a', '--errors'], { env })
  expect(errors.stdout).not.toContain('step 1')
  expect(errors.stdout).toContain('failed:\n  Error: There is no gone.ts.')
  const json = await runTutti(['steps', 'plan-1', 'a', '--json', '--errors'], { env })
  expect(JSON.parse(json.stdout)).toMatchObject([{ number: 2 }])
})
