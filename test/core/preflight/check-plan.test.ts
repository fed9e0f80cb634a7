import { describe, expect, test } from 'vitest'
import { PRICES } from '../../../src/core/budget/prices.ts'
import { ServiceError, TransientError } from '../../../src/core/contract/errors.ts'
import { SubmitPlan } from '../../../src/core/contract/submission.ts'
import { DryRun } from '../../../src/core/contract/views.ts'
import type { FileListing } from '../../../src/core/ports/workspaces.ts'
import { type CheckPlanDeps, checkPlan } from '../../../src/core/preflight/check-plan.ts'
import { expandTasks } from '../../../src/core/submit/expand-pattern.ts'

function check(body: Record<string, unknown>, listFiles?: () => Promise<FileListing>) {
  const plan = SubmitPlan.parse(body)
  const deps: CheckPlanDeps = {
    workspaces: {
      listFiles: listFiles ?? (() => Promise.reject(new Error('not to be listed'))),
    },
    executors: new Map(),
    prices: PRICES,
    defaultModel: undefined,
  }
  const tasks = expandTasks(plan).tasks.map((task) => ({ ...task, executor: 'echo' }))
  return checkPlan(deps, plan, tasks)
}

const colliding = [
  { id: 'a', task: 'Sort the imports', files: { write: ['src/**'] } },
  { id: 'b', task: 'Translate comments', files: { write: ['src/b.ts'] } },
  { id: 'c', task: 'Draw a diagram', files: ['docs/**'] },
]
const inline = { files: { 'src/a.ts': '', 'src/b.ts': '', 'docs/x.md': '' } }

describe('a plan whose tasks collide', () => {
  test('is shown with the files, and refused by default', async () => {
    const result = await check({ tasks: colliding, workspace: inline })
    expect(result).toMatchObject({
      overlaps: [{ tasks: ['a', 'b'], kind: 'write/write', files: ['src/b.ts'], fileCount: 1 }],
      waves: [['a', 'b', 'c']],
      warnings: [{ code: 'overlaps-rejected', tasks: ['a', 'b'] }],
    })
    expect(result.serialized.size).toBe(0)
  })

  test('is put in order when it asks to be', async () => {
    const result = await check({
      tasks: colliding,
      workspace: inline,
      policy: { onOverlap: 'serialize' },
    })
    expect(result.waves).toEqual([['a', 'c'], ['b']])
    expect([...result.serialized]).toEqual([['b', ['a']]])
    expect(result.warnings).toMatchObject([{ code: 'overlaps-serialized' }])
  })

  test('stays parallel in copies', async () => {
    const result = await check({
      tasks: colliding,
      workspace: inline,
      policy: { onOverlap: 'isolate' },
    })
    expect(result.waves).toEqual([['a', 'b', 'c']])
    expect(result.overlaps).toHaveLength(1)
    expect(result.warnings).toMatchObject([{ code: 'overlaps-isolated' }])
  })

  test('does not collide when its tasks run one at a time', async () => {
    const result = await check({ tasks: colliding, workspace: inline, mode: 'sequential' })
    expect(result.overlaps).toEqual([])
    expect(result.waves).toEqual([['a'], ['b'], ['c']])
    expect([...result.serialized]).toEqual([['b', ['a']]])
  })
})

describe('the files of a workspace', () => {
  const body = { tasks: colliding, workspace: { path: 'project' } }
  const listed = (more: Partial<Extract<FileListing, { status: 'listed' }>>) => () =>
    Promise.resolve({
      status: 'listed' as const,
      files: ['src/a.ts', 'src/b.ts'],
      truncated: false,
      base: undefined,
      ...more,
    })

  test('are listed only where a task writes', async () => {
    const readers = [
      { task: 'Read', files: ['src/**'] },
      { task: 'Count', files: ['src/**'] },
    ]
    await expect(check({ tasks: readers, workspace: { path: 'project' } })).resolves.toMatchObject({
      overlaps: [],
    })
    await expect(check(body)).rejects.toThrow('not to be listed')
    await expect(check(body, listed({}))).resolves.toMatchObject({
      overlaps: [{ files: ['src/b.ts'] }],
    })
  })

  test('are the same under all names that links give them', async () => {
    const links = new Map([
      ['docs', 'src'],
      ['src/c.ts', 'docs/b.ts'],
      ['loop', ''],
    ])
    for (const glob of ['docs/b.ts', './docs//*.ts', 'docs', 'src/c.ts', 'loop/docs/*', 'loop']) {
      const tasks = [
        { task: 'Read', files: [glob] },
        { task: 'Write', files: { write: ['src/b.ts'] } },
      ]
      const { overlaps } = await check({ tasks, workspace: { path: 'project' } }, listed({ links }))
      expect(overlaps).toMatchObject([{ kind: 'read/write', files: ['src/b.ts'] }])
    }
  })

  test('that are too many, or away, leave the globs to be compared', async () => {
    const many = await check(body, listed({ truncated: true }))
    expect(many.overlaps).toMatchObject([{ files: ['src/**', 'src/b.ts'] }])
    expect(many.warnings[0]?.code).toBe('files-too-many')
    const away = await check(body, () => Promise.reject(new TransientError('away')))
    expect(away.overlaps).toHaveLength(1)
    expect(away.warnings[0]?.code).toBe('files-not-listed')
  })

  test('that are not available make the plan invalid', async () => {
    const errors = [{ pointer: '/workspace/path', detail: 'does not exist' }]
    await expect(
      check(body, () => Promise.resolve({ status: 'refused', errors })),
    ).rejects.toMatchObject({
      code: 'invalid-request',
      errors,
    })
    await expect(
      check(body, () => Promise.resolve({ status: 'refused', errors })),
    ).rejects.toBeInstanceOf(ServiceError)
  })

  test('are missed where tasks write without a workspace', async () => {
    const { warnings } = await check({ tasks: colliding })
    expect(warnings[0]).toMatchObject({ code: 'writes-without-workspace', tasks: ['a', 'b'] })
  })
})

test('what a dry run answers fits its schema', async () => {
  const { serialized, ...result } = await check({
    tasks: colliding,
    policy: { onOverlap: 'serialize' },
  })
  expect(serialized.size).toBe(1)
  expect(DryRun.safeParse({ tasks: [], ...result }).error).toBeUndefined()
})
