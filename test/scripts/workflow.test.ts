import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const ROOT = join(import.meta.dirname, '../..')
const text = readFileSync(join(ROOT, '.github/workflows/ci.yml'), 'utf8')

interface Step {
  uses?: string
  run?: string
}
const { jobs, permissions } = parse(text) as {
  jobs: Record<string, { steps: Step[] }>
  permissions: unknown
}
const steps = Object.values(jobs).flatMap((job) => job.steps)

test('the workflow may only read, and pins what it uses to a commit', () => {
  expect(permissions).toEqual({ contents: 'read' })
  const used = steps.flatMap(({ uses }) => uses ?? [])
  expect(used.length).toBeGreaterThan(0)
  expect(used.filter((action) => !/@[0-9a-f]{40}$/.test(action))).toEqual([])
})

test('the workflow runs files that there are', () => {
  const files = steps.flatMap(({ run = '' }) =>
    Array.from(run.matchAll(/(?:\.ci|script|examples)\/[\w./-]+/g), ([path]) => path),
  )
  expect(files).toContain('.ci/run')
  expect(files.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
})
