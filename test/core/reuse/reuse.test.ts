import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { TaskDetail } from '../../../src/core/contract/views.ts'
import { readJson } from '../../support/exporting.ts'
import { type LocalService, openLocalService } from '../../support/local-service.ts'
import { type ReadingOptions, readingExecutor } from '../../support/reading-executor.ts'

const { executor, ran } = readingExecutor()
const blind = readingExecutor({ name: 'blind', seesReads: false })
let service: LocalService

beforeAll(async () => {
  service = await openLocalService(inject('redisUrl'), [executor, blind.executor])
})

afterAll(async () => {
  await service.close()
  expect(service.log).toEqual([])
})

interface Task extends ReadingOptions {
  id: string
  dependsOn?: string[]
  files?: unknown
  executor?: string
  prompt?: string
}

const FILES = { 'src/a.ts': 'const a = 1\n', 'src/b.ts': 'const b = 2\n', 'notes.md': 'Notes.\n' }

function bodyOf(tasks: Task[], rest: object = {}) {
  return {
    tasks: tasks.map(({ calls, answer, ...task }) => ({
      prompt: `Do ${task.id}.`,
      options: { ...(calls && { calls }), ...(answer && { answer }) },
      ...task,
    })),
    cache: { mode: 'reuse' },
    workspace: { files: FILES },
    synthesis: {},
    ...rest,
  }
}

/** Submits a plan and waits for its end. Returns its id, and which of its tasks ran. */
async function run(body: unknown, tenant = 'default') {
  const submission = { tenant, body, idempotencyKey: undefined }
  const { plan } = await service.api.plans.submit(submission)
  const wait = { timeoutMs: 60_000, signal: new AbortController().signal }
  const ended = await service.api.plans.get(tenant, plan.id, wait)
  return { id: plan.id, status: ended.status, usage: ended.usage, ran: ranIn(plan.id) }
}

function ranIn(planId: string): string[] {
  const all = [...ran, ...blind.ran].map((each) => each.split(' '))
  return all.flatMap(([plan, task = '']) => (plan === planId ? [task] : [])).toSorted()
}

const task = (planId: string, taskId: string): Promise<TaskDetail> =>
  service.api.tasks.get('default', planId, taskId)

async function outputOf(planId: string, taskId: string) {
  const answer = await readJson<{ task: Record<string, unknown> }>(
    await service.api.tasks.output('default', planId, taskId, undefined),
  )
  const { usage: _, ...output } = answer.task
  return JSON.stringify(output)
}

const reads = (path: string): NonNullable<ReadingOptions['calls']> => [['read', { path }]]

/** A prompt that no other test has. */
const anew = () => `Do it, ${randomUUID()}.`

describe('an output of an earlier plan', () => {
  test('is reused as it is, with edits and findings, at no cost', async () => {
    const prompt = anew()
    const tasks: Task[] = [
      { id: 'scan', prompt, calls: reads('src/a.ts') },
      {
        ...{ id: 'fix', dependsOn: ['scan'], files: { write: ['src/**'] } },
        calls: [['edit', { path: 'src/b.ts', oldText: '2', newText: '3' }]],
      },
    ]
    const first = await run(bodyOf(tasks))
    expect(first).toMatchObject({ status: 'succeeded', ran: ['fix', 'scan'] })
    const second = await run(bodyOf(tasks))
    expect(second).toMatchObject({ status: 'succeeded', ran: [], usage: { costUsd: 0, steps: 0 } })
    for (const id of ['scan', 'fix']) {
      expect(await task(second.id, id)).toMatchObject({
        ...{ status: 'succeeded', cachedFrom: { planId: first.id, taskId: id } },
        usage: { costUsd: 0 },
      })
      expect(await outputOf(second.id, id)).toBe(await outputOf(first.id, id))
    }
    expect(await task(first.id, 'scan')).not.toHaveProperty('cachedFrom')
    const synthesis = await readJson<{ edits: { patch: string } }>(
      await service.api.syntheses.newest('default', second.id),
    )
    expect(synthesis.edits.patch).toContain('+const b = 3')

    // A retry by name runs, and what depends on it stays, because its output is the same.
    await service.api.tasks.retry('default', second.id, 'scan')
    const wait = { timeoutMs: 60_000, signal: new AbortController().signal }
    await service.api.plans.get('default', second.id, wait)
    expect(ranIn(second.id)).toEqual(['scan'])
    expect(await task(second.id, 'scan')).not.toHaveProperty('cachedFrom')

    // Each plan has its own: the first one can be deleted, and the copy be reused in turn.
    await service.api.plans.delete('default', first.id)
    const third = await run(bodyOf(tasks))
    expect(third.ran).toEqual([])
    expect((await task(third.id, 'fix')).cachedFrom?.planId).toBe(second.id)
  })

  test.each<[string, Task, Record<string, string>, string[]]>([
    [
      'a file that it read without declaring it has changed',
      { id: 't', calls: reads('notes.md'), files: ['src/**'] },
      { 'notes.md': 'Other notes.\n' },
      ['t'],
    ],
    [
      'a declared file that it did not read has changed',
      { id: 't', calls: reads('notes.md'), files: ['src/**'] },
      { 'src/a.ts': 'const a = 9\n' },
      [],
    ],
    [
      'a file was missing and is there',
      { id: 't', calls: reads('src/c.ts') },
      { 'src/c.ts': 'const c = 3\n' },
      ['t'],
    ],
    [
      'a list that it saw has changed',
      { id: 't', calls: [['list', { path: 'src' }]] },
      { 'src/c.ts': 'const c = 3\n' },
      ['t'],
    ],
    [
      'a search finds the same',
      { id: 't', calls: [['grep', { pattern: 'const a' }]] },
      { 'src/b.ts': 'const b = 4\n' },
      [],
    ],
    [
      'a search finds something else',
      { id: 't', calls: [['grep', { pattern: 'const' }]] },
      { 'src/b.ts': 'const b = 4\n' },
      ['t'],
    ],
    [
      'its reads cannot be seen and a declared file has changed',
      { id: 't', executor: 'blind', files: ['src/**'] },
      { 'src/b.ts': 'const b = 4\n' },
      ['t'],
    ],
    [
      'its reads cannot be seen and an undeclared file has changed',
      { id: 't', executor: 'blind', files: ['src/**'] },
      { 'notes.md': 'Other notes.\n' },
      [],
    ],
    [
      'its reads cannot be seen, it declares nothing, and any file has changed',
      { id: 't', executor: 'blind' },
      { 'notes.md': 'Other notes.\n' },
      ['t'],
    ],
  ])('is judged by content: %s', async (_, given, changes, expected) => {
    const tasks = [{ ...given, prompt: anew() }]
    await run(bodyOf(tasks))
    expect((await run(bodyOf(tasks))).ran).toEqual([])
    const changed = await run(bodyOf(tasks, { workspace: { files: { ...FILES, ...changes } } }))
    expect(changed.ran).toEqual(expected)
  })

  test('is not reused for another prompt, context, option, schema or tenant, or when it is too old', async () => {
    const base: Task = { id: 't', prompt: anew(), calls: reads('src/a.ts') }
    const first = await run(bodyOf([base]))
    expect(first.ran).toEqual(['t'])
    const others = [
      bodyOf([{ ...base, prompt: anew() }]),
      bodyOf([base], { context: 'All else being equal.' }),
      bodyOf([{ ...base, answer: 'Says so.' }]),
      bodyOf([{ ...base, files: ['src/**'] }]),
      bodyOf([base], { cache: { mode: 'reuse', maxAgeMs: 1 } }),
      bodyOf([base], { cache: { mode: 'refresh' } }),
      bodyOf([base], { cache: { mode: 'off' } }),
      bodyOf([base], { cache: undefined }),
    ]
    for (const body of others) expect((await run(body)).ran).toEqual(['t'])
    expect((await run(bodyOf([base]), 'another')).ran).toEqual(['t'])
    // The newest one is that of `refresh`: what was `off` is not listed.
    expect((await run(bodyOf([base]))).ran).toEqual([])
  })

  test('that is deleted while it is being looked at is not reused, and nothing is left of it', async () => {
    const tasks = [{ id: 't', prompt: anew(), calls: reads('src/a.ts') }]
    const first = await run(bodyOf(tasks))
    const [planKey = ''] = (await service.keys()).filter(
      (key) => key.endsWith(first.id) && !key.includes(':reuse:'),
    )
    // Gone without a word to the index, as if its process had died there.
    await service.redis.del(planKey)
    expect((await run(bodyOf(tasks))).ran).toEqual(['t'])
    const all = (await service.keys()).filter((key) => key.endsWith(':refs'))
    const refs = await Promise.all(all.map((key) => service.redis.hkeys(key)))
    expect(refs.flat().filter((ref) => ref.startsWith(first.id))).toEqual([])
  })
})
