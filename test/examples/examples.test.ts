import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { parse } from 'yaml'
import { SubmitPlan } from '../../src/core/contract/submission.ts'
import { call, type Service, startService } from '../support/service.ts'

const EXAMPLES = join(import.meta.dirname, '../../examples')
const run = promisify(execFile)

interface Plan {
  id: string
  status: string
  counts: { succeeded: number; total: number }
}
interface Task {
  id: string
  executor: string
  timings: { startedAt: string; finishedAt: string }
}
interface Finding {
  title: string
  file?: string
  sources: string[]
}

const plans = globSync('*.{json,yaml}', { cwd: EXAMPLES })
const read = (name: string): unknown => parse(readFileSync(join(EXAMPLES, name), 'utf8'))

let service: Service
beforeAll(async () => {
  service = await startService({ redisUrl: inject('redisUrl'), prefix: 'test-examples' })
})
afterAll(() => service.stop())

async function finished(name: string): Promise<{ plan: Plan; tasks: Task[]; findings: Finding[] }> {
  const url = `${service.url}/v1/plans`
  const { status, body } = await call<Plan>(url, 'POST', read(name), { prefer: 'wait=25' })
  expect(status, JSON.stringify(body)).toBe(200)
  const tasks = await call<{ items: Task[] }>(`${url}/${body.id}/tasks`)
  const synthesis = await call<{ findings: Finding[] }>(`${url}/${body.id}/synthesis`)
  return { plan: body, tasks: tasks.body.items, findings: synthesis.body.findings }
}

const startOf = (tasks: Task[], id: string) => timeOf(tasks, id, 'startedAt')
const endOf = (tasks: Task[], id: string) => timeOf(tasks, id, 'finishedAt')
function timeOf(tasks: Task[], id: string, key: keyof Task['timings']): number {
  return Date.parse(tasks.find((task) => task.id === id)?.timings[key] ?? '')
}

describe('the example plans', () => {
  test('are the ones that their README explains', () => {
    const readme = readFileSync(join(EXAMPLES, 'README.md'), 'utf8')
    const explained = [...readme.matchAll(/^\| \[([^\]]+)\]/gm)].map(([, name]) => name)
    expect(new Set(explained)).toEqual(new Set(plans))
  })

  test.each(plans)('%s is a valid plan', (name) => {
    expect(SubmitPlan.safeParse(read(name)).error?.issues ?? []).toEqual([])
  })

  test('the rehearsal has its five tasks in progress at the same time', async () => {
    const { plan, tasks } = await finished('echo-rehearsal.json')
    expect(plan).toMatchObject({ status: 'succeeded', counts: { succeeded: 5, total: 5 } })
    const lastStart = Math.max(...tasks.map(({ id }) => startOf(tasks, id)))
    const firstEnd = Math.min(...tasks.map(({ id }) => endOf(tasks, id)))
    expect(lastStart).toBeLessThan(firstEnd)
  })

  test('no dependent task starts before those that it depends on have ended', async () => {
    const { plan, tasks } = await finished('dependent-tasks.json')
    expect(plan.status).toBe('succeeded')
    for (const survey of ['survey-code', 'survey-users']) {
      expect(startOf(tasks, 'design')).toBeGreaterThanOrEqual(endOf(tasks, survey))
    }
    for (const review of ['review-risk', 'review-cost']) {
      expect(startOf(tasks, review)).toBeGreaterThanOrEqual(endOf(tasks, 'design'))
    }
  })

  test('the sequential plan runs one task after another', async () => {
    const { plan, tasks } = await finished('sequential.json')
    expect(plan.status).toBe('succeeded')
    expect(startOf(tasks, 'push')).toBeGreaterThanOrEqual(endOf(tasks, 'commit'))
    expect(startOf(tasks, 'pull-request')).toBeGreaterThanOrEqual(endOf(tasks, 'push'))
  })

  test('the review by perspectives finds what is planted in its files', async () => {
    const { plan, tasks, findings } = await finished('review-perspectives.yaml')
    expect(plan.status).toBe('succeeded')
    expect(tasks.map(({ id, executor }) => [id, executor])).toEqual(
      ['security', 'performance', 'testing', 'architecture'].map((id) => [id, 'static']),
    )
    for (const perspective of ['security', 'performance', 'testing', 'architecture']) {
      expect(findings.flatMap(({ sources }) => sources)).toContain(perspective)
    }
    const files = findings.map(({ file }) => file)
    expect(files).toContain('src/orders.ts')
    expect(files).toContain('test/prices.test.ts')
  })

  test('the review by directories keeps each task to its directory', async () => {
    const { plan, tasks, findings } = await finished('review-directories.yaml')
    expect(plan.status).toBe('succeeded')
    expect(tasks).toHaveLength(3)
    expect(new Set(findings.map(({ file }) => file))).toEqual(
      new Set(['src/auth/session.ts', 'src/api/export.ts', 'src/db/users.ts']),
    )
  })

  test('a goal is refused and not stored if no model is configured', async () => {
    const { status, body } = await call<{ errors: { pointer: string }[] }>(
      `${service.url}/v1/plans`,
      'POST',
      read('auth-feature.yaml'),
    )
    expect(status).toBe(400)
    expect(body.errors.map(({ pointer }) => pointer)).toEqual(['/goal'])
  })
})

describe('the example programs', () => {
  const env = () => ({ PATH: process.env.PATH ?? '', TUTTI_URL: service.url })
  const plan = join(EXAMPLES, 'dependent-tasks.json')

  test('curl.sh prints outputs and synthesis', async () => {
    const { stdout } = await run(join(EXAMPLES, 'curl.sh'), [plan], { env: env() })
    const lines = stdout.split('\n')
    const outputs = lines.slice(lines.indexOf('outputs, a line of JSON each:') + 1, -3)
    expect(outputs.map((line) => (JSON.parse(line) as { id: string }).id).toSorted()).toEqual([
      'design',
      'review-cost',
      'review-risk',
      'survey-code',
      'survey-users',
    ])
    expect(JSON.parse(lines.at(-2) ?? '')).toMatchObject({ version: 1, status: 'succeeded' })
  })

  test('curl.sh ends with an error if nothing is listening', async () => {
    const env = { PATH: process.env.PATH ?? '', TUTTI_URL: 'http://127.0.0.1:1' }
    await expect(run(join(EXAMPLES, 'curl.sh'), [plan], { env })).rejects.toThrow('curl')
  })

  test('submit.py reports each task as it ends, then prints the summary', async () => {
    const { stdout } = await run('python3', [join(EXAMPLES, 'python/submit.py'), plan], {
      env: env(),
    })
    expect(stdout).toMatch(/^p\S+: Two surveys at once/)
    expect(stdout.match(/^ {2}succeeded {2}\S+$/gm)).toHaveLength(5)
    expect(stdout.indexOf('survey-users')).toBeLessThan(stdout.indexOf('succeeded  design'))
    expect(stdout).toContain('plan succeeded')
    expect(stdout).toContain('5 of 5 tasks succeeded')
  })

  test('submit.py says what is wrong with a plan', async () => {
    const broken = join(EXAMPLES, '../package.json')
    await expect(
      run('python3', [join(EXAMPLES, 'python/submit.py'), broken], { env: env() }),
    ).rejects.toThrow('invalid-request')
  })
})
