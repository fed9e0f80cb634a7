import { expect, test } from 'vitest'
import type { TaskSpec } from '../../../src/core/contract/task-spec.ts'
import { type AttemptFolderDeps, openAttemptFolder } from '../../../src/core/run/attempt-folder.ts'
import type { LoadedPlan } from '../../../src/core/run/plan-cache.ts'
import { echoExecutor } from '../../../src/executors/echo.ts'

const EDITS = { base: 'base', patch: 'patch', files: ['a.ts'] }
const SILENT = {
  status: 'incomplete' as const,
  outcome: 'incomplete' as const,
  spends: true,
  error: { code: 'empty-output', message: '' },
}

test.each([
  ['edits', { edits: EDITS, problem: undefined }, { status: 'succeeded', outcome: 'succeeded' }],
  ['no edits', { edits: undefined, problem: undefined }, SILENT],
  [
    'edits that are too large',
    { edits: undefined, problem: { code: 'edits-too-large', message: '' } },
    { status: 'incomplete', error: { code: 'edits-too-large' } },
  ],
])('an attempt that said nothing is judged by %s', async (_, collected, expected) => {
  const spec = { id: 'a', files: { write: ['**'] } } as unknown as TaskSpec
  const deps = {
    workspaces: {
      open: async () => ({
        workspace: { root: '/nowhere', writable: true },
        base: undefined,
        collectEdits: async () => collected,
        close: async () => {},
      }),
    },
    editsBefore: async () => ({ edits: [], version: undefined }),
    files: {
      files: async () => ({}),
      workspace: async () => ({ base: undefined, reopened: 0 }),
      pinBase: async (_: string, candidate: string) => candidate,
    },
    onFault() {},
  } as unknown as AttemptFolderDeps
  const plan = { spec: { id: 'plan', workspace: { files: true } } } as unknown as LoadedPlan
  const executor = {
    ...echoExecutor,
    describe: () => ({
      ...echoExecutor.describe(),
      capabilities: { ...echoExecutor.describe().capabilities, readsWorkspace: true },
    }),
  }
  const { signal } = new AbortController()
  const folder = await openAttemptFolder(deps, plan, spec, executor, signal)
  const result = await folder.withEdits({ ...SILENT, output: { text: '' }, unlessEdited: true })
  expect(result).toMatchObject(expected)
  if (result.status === 'succeeded') {
    expect(result).toMatchObject({ spends: false, output: { edits: EDITS } })
    expect(result).not.toHaveProperty('error')
  }
})
