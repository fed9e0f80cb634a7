import { describe, expect, test } from 'vitest'
import { SubmitPlan } from '../../../src/core/contract/submission.ts'
import { advise } from '../../../src/core/preflight/advise.ts'
import { expandTasks } from '../../../src/core/submit/expand-pattern.ts'

type Task = Record<string, unknown>

function adviceOn(tasks: Task[], more: Record<string, unknown> = {}) {
  const plan = SubmitPlan.parse({ tasks, ...more })
  return advise(plan, expandTasks(plan).tasks)
}
const codes = (tasks: Task[], more: Record<string, unknown> = {}) =>
  adviceOn(tasks, more).map(({ code }) => code)

test('independent tasks get no advice', () => {
  expect(
    adviceOn([
      { task: 'Implement the login endpoint.' },
      { task: 'Implement the registration endpoint.' },
      { task: 'Implement password reset.' },
      { task: 'Add authentication middleware.' },
      { task: 'Write integration tests.' },
    ]),
  ).toEqual([])
  expect(
    adviceOn([
      { id: 'security', role: 'security', task: 'Review src/ and report your findings.' },
      { id: 'performance', role: 'performance', task: 'Review src/ and report your findings.' },
    ]),
  ).toEqual([])
})

test('one task alone gains nothing', () => {
  expect(adviceOn([{ id: 'a', task: 'x' }])).toMatchObject([{ code: 'single-task', tasks: ['a'] }])
})

describe('a task that leans on another one without depending on it', () => {
  test.each([
    'After task api-review, write the summary.',
    'Based on the results of api-review, fix the code.',
    'Use the output of api-review to decide.',
    "Read api-review's findings and fix them.",
    'Summarise the findings from `api-review`.',
    'Wait for api-review.',
    'Fix the bugs found by api-review.',
    'Implement what was proposed in the task "api-review".',
    'Its input comes from api-review.',
    'Based on the findings of Review the API, fix the code.',
  ])('is told so: %s', (task) => {
    const [advice] = adviceOn([
      { id: 'api-review', description: 'Review the API', task: 'Judge the endpoints.' },
      { id: 'b', description: 'B', task },
    ])
    expect(advice).toMatchObject({ code: 'leans-on-task', tasks: ['b', 'api-review'] })
    expect(advice?.message).toContain('"dependsOn": ["api-review"]')
  })

  test('is recognised by its context too', () => {
    expect(
      adviceOn([
        { id: 'a', task: 'Extract the data.' },
        { id: 'b', task: 'Plot it.', context: 'The data comes from the output of task a.' },
      ]),
    ).toMatchObject([{ code: 'leans-on-task', tasks: ['b', 'a'] }])
  })

  test.each([
    'Based on the results of the previous task, fix the code.',
    "Compare the other tasks' results.",
    'Once all the other tasks are done, write a summary.',
    'Based on the findings from the security review, fix the code.',
  ])('is told so, though it does not say on which: %s', (task) => {
    expect(
      adviceOn([
        { id: 'a', task: 'Count the endpoints.' },
        { id: 'b', task },
      ]),
    ).toMatchObject([{ code: 'leans-on-task', tasks: ['b'] }])
  })

  test.each([
    {
      id: 'b',
      task: 'Based on the results of api-review, fix the code.',
      dependsOn: ['api-review'],
    },
    {
      id: 'b',
      task: 'Based on the results of the previous task, fix it.',
      dependsOn: ['api-review'],
    },
    { id: 'b', task: 'Review src/api-review/index.ts after reading it from disk.' },
    { id: 'b', task: 'Report your findings on session handling.' },
    { id: 'b', task: 'List the handlers written by hand, and what is built in Rust.' },
  ])('is not told so without reason: $task', (task) => {
    expect(codes([{ id: 'api-review', task: 'Judge the endpoints.' }, task])).not.toContain(
      'leans-on-task',
    )
  })
})

describe('order that matters', () => {
  test('is seen in the steps of a workflow', () => {
    const tasks = [
      { id: 'c', task: 'Commit the changes' },
      { id: 'p', task: 'Push the branch to origin' },
      { id: 'r', task: 'Open a pull request' },
    ]
    expect(adviceOn(tasks)).toMatchObject([{ code: 'order-matters', tasks: ['c', 'p', 'r'] }])
    const ordered = tasks.map((task, index) => ({
      ...task,
      dependsOn: index === 0 ? [] : [tasks[index - 1]?.id],
    }))
    expect(codes(ordered)).toEqual(['all-in-a-row'])
  })

  test('does not concern one task that does all steps', () => {
    expect(
      codes([{ task: 'Commit, push and open a pull request' }, { task: 'Count the endpoints' }]),
    ).toEqual([])
  })

  test('is seen in words such as "finally"', () => {
    expect(
      adviceOn([
        { id: 'a', task: 'Count the endpoints' },
        { id: 'z', task: 'Finally, write it down' },
      ]),
    ).toMatchObject([{ code: 'order-words', tasks: ['z'] }])
  })
})

describe('tasks that are nearly the same', () => {
  test.each([
    ['Review the auth module for security issues', 'Check the auth module for security problems'],
    ['Review the auth module', 'Review the auth module'],
    ['Write unit tests for the parser module', 'Please write unit tests for the parser module'],
  ])('%s / %s', (a, b) => {
    expect(
      adviceOn([
        { id: 'a', task: a },
        { id: 'b', task: b },
      ]),
    ).toMatchObject([{ code: 'similar-tasks', tasks: ['a', 'b'] }])
  })

  test('are not, when their files or what they name differ', () => {
    expect(
      codes([
        { task: 'Review for security', files: ['src/a/**'] },
        { task: 'Review for security', files: ['src/b/**'] },
      ]),
    ).toEqual([])
    expect(
      codes([{ task: 'Implement login with tests' }, { task: 'Implement logout with tests' }]),
    ).toEqual([])
  })

  test('are what a pattern wants', () => {
    const plan = SubmitPlan.parse({
      pattern: { kind: 'perspectives', perspectives: ['a', 'b'], task: { prompt: 'Review src' } },
    })
    expect(advise(plan, expandTasks(plan).tasks)).toEqual([])
  })

  test('are one advice, however many', () => {
    const tasks = Array.from({ length: 10_000 }, () => ({ task: 'Wait', executor: 'echo' }))
    const advice = adviceOn(tasks)
    expect(advice).toMatchObject([{ code: 'similar-tasks' }])
    expect(advice[0]?.message).toContain('10000 tasks ask')
    expect(advice[0]?.tasks).toHaveLength(20)
  })

  test('are looked for among thousands of different ones', () => {
    const tasks = Array.from({ length: 3_000 }, (_, index) => ({
      task: `Translate chapter ${index} into French`,
    }))
    expect(codes(tasks)).toEqual([])
  })
})

describe('order that nothing asks for', () => {
  const tasks = [
    { task: 'Count the endpoints' },
    { task: 'Draw a diagram' },
    { task: 'Translate the manual' },
  ]
  test('is told', () => {
    expect(codes(tasks, { mode: 'sequential' })).toEqual(['sequential-independent'])
    expect(codes(tasks, { policy: { maxConcurrency: 1 } })).toEqual(['concurrency-of-one'])
    expect(codes(tasks, { policy: { maxConcurrency: 2 } })).toEqual([])
  })
})
