import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { parse } from 'yaml'
import { EXAMPLES, toSubmission } from '../../dashboard/src/new-plan/draft.ts'
import { FIRST_PLAN } from '../../src/cli/commands/init.ts'
import { SUBMISSIONS } from '../../src/http/openapi/example-submissions.ts'
import { call, type Service, startService } from '../support/service.ts'

const ROOT = join(import.meta.dirname, '../..')
const run = promisify(execFile)

interface Block {
  name: string
  language: string
  text: string
}

/** The blocks of code in what people read first, named by file and line. */
const blocks = globSync(['README.md', 'docs/*.md', 'examples/*.md', 'src/client/README.md'], {
  cwd: ROOT,
}).flatMap((file): Block[] => {
  const text = readFileSync(join(ROOT, file), 'utf8')
  return [...text.matchAll(/^( *)```(\w+)\n([\s\S]*?)^ *```/gm)].map(
    ({ index, 2: language = '', 3: code = '' }) => ({
      name: `${file}:${text.slice(0, index).split('\n').length}`,
      language,
      text: code,
    }),
  )
})

function isPlan(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || 'id' in value) return false
  return 'tasks' in value || 'pattern' in value || 'goal' in value
}

const written = blocks
  .filter(({ language }) => ['json', 'yaml'].includes(language))
  .map(({ name, text }) => [name, parse(text) as unknown] as const)
  .filter(([, plan]) => isPlan(plan))
const programs = blocks
  .filter(({ language, text }) => language === 'ts' && text.includes('plans.submit('))
  .map(({ name, text }) => [name, text] as const)

const plans: (readonly [string, unknown])[] = [
  ...written,
  ['tutti init', parse(FIRST_PLAN)],
  ...EXAMPLES.map(({ name, draft }) => [`dashboard: ${name}`, toSubmission(draft)] as const),
  ...Object.entries(SUBMISSIONS).map(([name, { value }]) => [`/docs: ${name}`, value] as const),
]

let service: Service
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tutti-documented-'))
  // Nothing is configured: no model, no folder, no secret.
  service = await startService({ redisUrl: inject('redisUrl'), prefix: 'test-documented' })
})
afterAll(async () => {
  await service.stop()
  await rm(folder, { recursive: true, force: true })
})

test('the documents show plans and programs', () => {
  expect(written.length).toBeGreaterThanOrEqual(2)
  expect(programs.length).toBeGreaterThanOrEqual(3)
})

describe('on a service as it comes, every task succeeds of', () => {
  test.each(plans)('%s', { timeout: 120_000 }, async (_, plan) => {
    const url = `${service.url}/v1/plans`
    let answer = await call<{ id: string; status: string; finishedAt: string | null }>(
      url,
      'POST',
      plan,
    )
    expect(answer.status, JSON.stringify(answer.body)).toBe(202)
    const { id } = answer.body
    while (answer.body.finishedAt === null) answer = await call(`${url}/${id}?wait=20`)
    const tasks = await call(`${url}/${id}/tasks`)
    expect(answer.body.status, JSON.stringify(tasks.body)).toBe('succeeded')
  })

  test.each(programs)('the program at %s', { timeout: 120_000 }, async (_, program) => {
    const client = pathToFileURL(join(ROOT, 'src/client/index.ts')).href
    const file = join(folder, 'program.mts')
    await writeFile(
      file,
      program
        .replaceAll("'tutti-client'", `'${client}'`)
        .replaceAll('http://127.0.0.1:3000', service.url),
    )
    const { stdout, stderr } = await run(process.execPath, [file], { cwd: folder })
    expect(stderr).toBe('')
    expect(stdout).toMatch(/findings? from/)
  })
})
