import { expect, test } from 'vitest'
import type { TaskSpec } from '../../../src/core/contract/task-spec.ts'
import { type AttemptFolderDeps, openAttemptFolder } from '../../../src/core/run/attempt-folder.ts'
import type { LoadedPlan } from '../../../src/core/run/plan-cache.ts'
import { editsBefore, editsInOrder } from '../../../src/core/run/plan-files.ts'
import { echoExecutor } from '../../../src/executors/echo.ts'

const EDITS = { base: 'base', patch: 'patch', files: ['a.ts'] }
const SILENT = {
  status: 'incomplete' as const,
  outcome: 'incomplete' as const,
  spends: true,
  error: { code: 'empty-output', message: '' },
}

type Graph = Record<string, { after: string[]; writes?: boolean }>

function before(graph: Graph, waitsFor: string[]) {
  const ids = (wanted: readonly string[]) => wanted.map((id) => graph[id])
  const tasks = {
    specs: async (_: string, wanted: readonly string[]) =>
      ids(wanted).map((task) => ({ waitsFor: task?.after }) as TaskSpec),
    outputs: async (_: string, wanted: readonly string[]) =>
      ids(wanted).map((task) =>
        task?.writes === false
          ? { text: '' }
          : { text: '', edits: { base: 'base', patch: '', files: [] } },
      ),
  }
  return editsBefore(tasks, 'plan', { waitsFor })
}

test('edits come after those that their task came after, across tasks that changed nothing', async () => {
  const found = await before(
    {
      a: { after: [] },
      b: { after: [] },
      read: { after: ['a', 'b'], writes: false },
      c: { after: ['read'] },
    },
    ['c', 'b'],
  )
  expect(found.map(({ taskId, after }) => [taskId, after])).toEqual([
    ['a', []],
    ['b', []],
    ['c', ['a', 'b']],
  ])
})

test('many ways through a graph are not each gone', async () => {
  const layers = 20
  const graph: Graph = {}
  for (let layer = 0; layer < layers; layer += 1) {
    const after = layer === 0 ? [] : ['a', 'b', 'c'].map((name) => `${name}${layer - 1}`)
    for (const name of ['a', 'b', 'c']) graph[`${name}${layer}`] = { after }
  }
  const found = await before(graph, [`a${layers - 1}`])
  expect(found).toHaveLength(3 * (layers - 1) + 1)
  expect(found.at(-1)?.after).toEqual([`a${layers - 2}`, `b${layers - 2}`, `c${layers - 2}`])
})

test('the edits of a long chain each name the one before them alone', () => {
  const ids = Array.from({ length: 5_000 }, (_, at) => `t${at}`)
  const edits = { base: 'base', patch: '', files: [] }
  const ordered = editsInOrder(ids.toReversed(), (taskId) => {
    const at = Number(taskId.slice(1))
    return { edits, after: at === 0 ? [] : [`t${at - 1}`] }
  })
  expect(ordered.map(({ taskId }) => taskId)).toEqual(ids)
  expect(ordered.at(-1)?.after).toEqual(['t4998'])
})

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
    tasks: { specs: async () => [], outputs: async () => [] },
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
