import { expect, test } from 'vitest'
import { MOST_WORK_HERE } from '../../../src/core/contract/limits.ts'
import { submissionWork } from '../../../src/core/submit/submission-work.ts'

const many = <T>(count: number, of: (index: number) => T) =>
  Array.from({ length: count }, (_, i) => of(i))

test('an ordinary plan is little work', () => {
  const tasks = many(40, (index) => ({
    id: `t${index}`,
    prompt: 'Review it.',
    files: { read: ['src/**'], write: [`docs/${index}.md`] },
  }))
  expect(submissionWork({ tasks })).toBeLessThan(MOST_WORK_HERE)
  expect(
    submissionWork({
      pattern: { kind: 'perspectives', perspectives: ['a', 'b'], task: { task: 'x' } },
    }),
  ).toBeLessThan(MOST_WORK_HERE)
})

test.each([
  [
    'distinct schemas',
    { tasks: many(1_300, (index) => ({ prompt: 'x', outputSchema: { const: index } })) },
  ],
  [
    'a long template for many perspectives',
    {
      pattern: {
        kind: 'perspectives',
        perspectives: many(9_000, String),
        task: { task: 'x'.repeat(6_000) },
      },
    },
  ],
  [
    'globs on files',
    {
      workspace: { files: Object.fromEntries(many(1_000, (index) => [`f${index}`, ''])) },
      tasks: many(1_500, (index) => ({ prompt: 'x', files: [`*a${index}`, `b${index}*`] })),
    },
  ],
  [
    'globs on globs',
    { tasks: many(2_000, (index) => ({ prompt: 'x', files: { write: [`*${index}*`] } })) },
  ],
])('a small body with %s is much work', (_, body) => {
  expect(JSON.stringify(body).length).toBeLessThan(256 * 1024)
  expect(submissionWork(body)).toBeGreaterThan(10 * MOST_WORK_HERE)
})

test('a small body of unknown fields, of names of files or of texts to compare is not little work', () => {
  const names = many(15_000, (index) => [`name-${index}`, ''] as const)
  const task = { prompt: 'x' }
  for (const body of [
    { tasks: [task], ...Object.fromEntries(names) },
    { tasks: [{ ...task, ...Object.fromEntries(names) }] },
    { tasks: [{ ...task, options: Object.fromEntries(names) }] },
    { tasks: [task], workspace: { files: Object.fromEntries(names) } },
  ]) {
    expect(JSON.stringify(body).length).toBeLessThan(300 * 1024)
    expect(submissionWork(body)).toBeGreaterThan(MOST_WORK_HERE)
  }
  const tasks = many(300, () => ({ prompt: 'word '.repeat(140) }))
  expect(submissionWork({ tasks }, { advised: true })).toBeGreaterThan(MOST_WORK_HERE)
})

test.each([
  undefined,
  null,
  3,
  'x',
  [],
  { tasks: 'x' },
  { tasks: [null, 3], pattern: { task: null } },
])('anything may be asked about: %j', (body) => {
  expect(submissionWork(body)).toBeLessThan(MOST_WORK_HERE)
})
