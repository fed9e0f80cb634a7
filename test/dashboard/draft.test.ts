import { expect, test } from 'vitest'
import {
  asFields,
  asPrompt,
  type Draft,
  EXAMPLES,
  sourceOf,
  toSubmission,
  withField,
  withSource,
} from '../../dashboard/src/new-plan/draft.ts'
import { SubmitPlan } from '../../src/core/contract/submission.ts'

test('what was left empty is not sent', () => {
  const draft: Draft = {
    title: ' ',
    context: '',
    tasks: [
      { id: '', task: 'Look at it.', files: { read: ['src/**', '', '  '], write: [''] }, role: '' },
      {},
    ],
    policy: {},
    workspace: { path: '' },
    metadata: {},
  }
  expect(toSubmission(draft)).toEqual({
    tasks: [{ task: 'Look at it.', files: { read: ['src/**'] } }],
  })
})

test('false and zero are answers, an empty synthesis is a wish, an empty file is a file', () => {
  const draft: Draft = {
    tasks: [{ task: 'x', priority: 0 }],
    synthesis: false,
    workspace: { files: { 'empty.txt': '' } },
  }
  expect(toSubmission(draft)).toEqual({
    tasks: [{ task: 'x', priority: 0 }],
    synthesis: false,
    workspace: { files: { 'empty.txt': '' } },
  })
  expect(toSubmission({ tasks: [{ task: 'x' }], synthesis: {} })).toMatchObject({ synthesis: {} })
})

test('changing where tasks come from takes along what was written about them', () => {
  const tasks: Draft = { title: 'T', tasks: [{ id: 'a', role: 'R', task: 'Do it.' }] }
  const perspectives = withSource(tasks, 'perspectives')
  expect(sourceOf(perspectives)).toBe('perspectives')
  expect(perspectives).toMatchObject({
    title: 'T',
    pattern: { kind: 'perspectives', task: { role: 'R', task: 'Do it.' } },
  })
  expect(perspectives).not.toHaveProperty('tasks')
  expect(withSource(perspectives, 'goal')).toEqual({ title: 'T', goal: 'Do it.' })
  expect(withSource(withSource(perspectives, 'goal'), 'tasks')).toEqual({
    title: 'T',
    tasks: [{ task: 'Do it.' }],
  })
})

test('a field is removed by an empty value, not set to it', () => {
  expect(withField<{ a?: string; b: number }>({ a: 'x', b: 0 }, 'a', '')).toEqual({ b: 0 })
  expect(withField({ a: 1 }, 'a', 0)).toEqual({ a: 0 })
})

test('every example is a plan that the service takes', () => {
  for (const { draft } of EXAMPLES) {
    const result = SubmitPlan.safeParse(toSubmission(draft))
    expect(result.error?.issues ?? []).toEqual([])
  }
})

test('the separate fields become one prompt without losing anything, and it becomes the task', () => {
  const task = { id: 'a', role: 'tester', task: 'Look.', focusAreas: ['speed', 'size'] }
  const raw = asPrompt(task)
  expect(raw).toEqual({
    id: 'a',
    prompt: 'You are a tester.\n\nLook.\n\nFocus areas:\n- speed\n- size',
  })
  expect(asFields(raw)).toEqual({ id: 'a', task: raw.prompt })
})
