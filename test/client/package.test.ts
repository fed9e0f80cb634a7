import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FakeService, startFakeService } from '../support/fake-service.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')

let project: string
let service: FakeService
beforeAll(async () => {
  service = await startFakeService()
  service.autorun = true
  project = await mkdtemp(join(tmpdir(), 'tutti-client-'))
  const installed = join(project, 'node_modules/tutti-client')
  await mkdir(installed, { recursive: true })
  await run(process.execPath, [TSC, '-p', join(ROOT, 'src/client'), '--outDir', installed])
  await copyFile(join(ROOT, 'src/client/package.json'), join(installed, 'package.json'))
  await writeFile(join(project, 'package.json'), '{ "type": "module" }')
  const { dependencies } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  for (const name of Object.keys(dependencies)) {
    await symlink(join(ROOT, 'node_modules', name), join(project, 'node_modules', name))
  }
})
afterAll(async () => {
  await service.close()
  await rm(project, { recursive: true, force: true })
})

describe('the built client', () => {
  test('runs with only its declared dependencies installed', async () => {
    const program = `
      import { tutti, TuttiError } from 'tutti-client'
      const { plans, syntheses } = tutti({ baseUrl: '${service.url}' })
      const plan = await plans.submit({ tasks: [{ id: 'a', prompt: 'A' }] })
      await plans.wait(plan.id)
      const types = []
      for await (const { type } of plans.events(plan.id)) types.push(type)
      const { summary } = await syntheses.newest(plan.id)
      const code = await plans.get('nowhere').catch((error) => error instanceof TuttiError && error.code)
      console.log(JSON.stringify({ types, summary, code }))
    `
    await writeFile(join(project, 'main.js'), program)
    const { stdout } = await run(process.execPath, [join(project, 'main.js')])
    expect(JSON.parse(stdout)).toEqual({
      types: ['snapshot'],
      summary: '# Synthesis 1\n\nAll in all, it is well.',
      code: 'plan-not-found',
    })
  })

  test('has its own types, without those of Node', async () => {
    const right = `
      import { PLAN_STATUSES, tutti } from 'tutti-client'
      const { plans } = tutti()
      const plan = await plans.submit({ goal: 'Log in' }, { waitMs: 30_000 })
      export const rank: 'succeeded' | string = plan.status
      for await (const event of plans.events(plan.id)) {
        if (event.type === 'snapshot') console.log(event.data.tasks.length)
        else if (event.type === 'plan.finished') console.log(event.data.counts.total)
        else if (event.type === 'task.retrying') console.log(event.data.retryAt.length)
        else console.log(event.data.taskId?.length, PLAN_STATUSES.length)
      }
    `
    expect(await problemsOf('right.ts', right)).toEqual('')
    const wrong = `
      import { tutti } from 'tutti-client'
      await tutti().plans.submit({ tasks: [{ promt: 'A' }] })
    `
    expect(await problemsOf('wrong.ts', wrong)).toContain("'promt' does not exist")
    const nothing = `
      import { tutti } from 'tutti-client'
      await tutti().plans.submit({ title: 'Nothing to do' })
      await tutti().plans.submit({ tasks: [{ prompt: 'A' }], goal: 'B' })
      for await (const event of tutti().plans.events('p')) {
        if (event.type === 'task.finished') console.log(event.data.retryAt)
      }
    `
    const problems = await problemsOf('nothing.ts', nothing)
    expect([...problems.matchAll(/nothing\.ts\((\d+)/g)].map(([, line]) => line)).toEqual([
      '3',
      '4',
      '6',
    ])
  })
})

test('the examples in the documentation compile', async () => {
  for (const name of ['docs/clients.md', 'src/client/README.md', 'README.md']) {
    const text = await readFile(join(ROOT, name), 'utf8').catch(() => '')
    const examples = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, source = '']) => source)
    for (const source of examples.filter((each) => each.includes("'tutti-client"))) {
      expect(await problemsOf('example.ts', source, ['node']), `${name}\n${source}`).toBe('')
    }
  }
})

/** The compiler's output for a program in the project. */
async function problemsOf(name: string, source: string, types: string[] = []): Promise<string> {
  await writeFile(join(project, name), source)
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2024',
    lib: ['es2024', 'dom', 'dom.iterable'],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types,
    typeRoots: [join(ROOT, 'node_modules/@types')],
    paths: { standardwebhooks: [join(ROOT, 'node_modules/standardwebhooks')] },
  }
  await writeFile(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: [name] }),
  )
  return run(process.execPath, [TSC, '-p', project]).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  )
}
