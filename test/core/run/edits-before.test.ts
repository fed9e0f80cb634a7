import { expect, test } from 'vitest'
import type { TaskSpec } from '../../../src/core/contract/task-spec.ts'
import { editsBefore, editsInOrder } from '../../../src/core/run/edits-before.ts'

type Graph = Record<string, { after: string[]; writes?: boolean | 'not yet'; patch?: string }>

/** Answers from a graph, and notes which outputs were read. */
function storeOf(graph: Graph) {
  const read: string[] = []
  return {
    read,
    specs: async (_: string, wanted: readonly string[]) =>
      wanted.map((id) => ({ waitsFor: graph[id]?.after }) as TaskSpec),
    outputs: async (_: string, wanted: readonly string[]) => {
      read.push(...wanted)
      return wanted.map((id) => {
        const { writes = true, patch = '' } = graph[id] ?? {}
        if (writes === 'not yet') return undefined
        return writes ? { text: '', edits: { base: 'base', patch, files: [] } } : { text: '' }
      })
    },
  }
}

async function before(graph: Graph, waitsFor: string[]) {
  return (await editsBefore(storeOf(graph))('plan', { waitsFor }, 0)).edits
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

test('what the tasks of a chain have done is read once for all of them', async () => {
  const length = 200
  const graph: Graph = {}
  const store = storeOf(graph)
  const read = editsBefore(store)
  for (let at = 0; at < length; at += 1) {
    graph[`t${at}`] = { after: at === 0 ? [] : [`t${at - 1}`] }
    const { edits, version } = await read('plan', { waitsFor: [`t${at}`] }, 0)
    expect(edits).toHaveLength(at + 1)
    expect(version).toBe('plan 0')
  }
  expect(store.read).toHaveLength(length)
  await read('other', { waitsFor: ['t1'] }, 0)
  expect(store.read).toHaveLength(length + 2)
})

test('what a task has done is read again after a retry, and as long as it may change', async () => {
  const graph: Graph = { a: { after: [], patch: 'old' }, b: { after: ['a'] } }
  const store = storeOf(graph)
  const read = editsBefore(store)
  const patchOfA = async (generation: number | undefined) => {
    const { edits, version } = await read('plan', { waitsFor: ['b'] }, generation)
    return [edits.find(({ taskId }) => taskId === 'a')?.edits.patch, version]
  }
  expect(await patchOfA(0)).toEqual(['old', 'plan 0'])
  graph.a = { after: [], writes: 'not yet' }
  expect(await patchOfA(2)).toEqual([undefined, undefined])
  graph.a = { after: [], patch: 'new' }
  expect(await patchOfA(2)).toEqual(['new', 'plan 2'])
  graph.a = { after: [], patch: 'newer' }
  expect(await patchOfA(undefined)).toEqual(['newer', undefined])
})
