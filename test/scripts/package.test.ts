import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDemoService } from '../../script/demo-parts/service.ts'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '../..')

/** A folder in which only the package and its declared dependencies are installed. */
let folder: string
let command: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tutti-package-'))
  await run(process.execPath, [join(ROOT, 'script/build.ts')])
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: ROOT })
  const installed = join(folder, 'node_modules/tutti')
  await mkdir(installed, { recursive: true })
  const [tarball = ''] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'))
  await run('tar', ['-xzf', join(folder, tarball), '--strip-components=1', '-C', installed])
  const packageJson = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
    bin: Record<string, string>
  }
  for (const name of Object.keys(packageJson.dependencies)) {
    const link = join(folder, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(join(ROOT, 'node_modules', name), link)
  }
  command = join(installed, packageJson.bin.tutti ?? '')
}, 180_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

test('the package holds no TypeScript, and what it holds loads', async () => {
  const files = await readdir(join(folder, 'node_modules/tutti'), { recursive: true })
  expect(files.filter((name) => /\.tsx?$/.test(name))).toEqual([])
  const { stdout } = await run(process.execPath, [command, '--help'], { cwd: folder })
  expect(stdout).toContain('run the service on this machine')
  const schema = await run(process.execPath, [command, 'schema'], { cwd: folder })
  expect(JSON.parse(schema.stdout)).toHaveProperty('properties.tasks')
})

test('an installed `tutti start` runs a plan that `tutti run` submits', async () => {
  const service = await startDemoService(folder, 0, [command, 'start'])
  try {
    const plan = {
      title: 'Review',
      workspace: { files: { 'src/a.ts': 'export const run = (text: string) => eval(text)\n' } },
      tasks: [{ id: 'security', task: 'Review the code for security.' }],
    }
    await writeFile(join(folder, 'plan.json'), JSON.stringify(plan))
    const { stdout } = await run(
      process.execPath,
      [command, '--url', service.url, 'run', 'plan.json'],
      { cwd: folder },
    )
    expect(stdout).toContain('Text is run as code')
    expect((await fetch(`${service.url}/dashboard`)).status).toBe(200)
  } finally {
    await service.stop()
  }
})
