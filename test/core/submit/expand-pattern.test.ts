import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../../src/core/contract/limits.ts'
import { SubmitPlan } from '../../../src/core/contract/submission.ts'
import { TaskId } from '../../../src/core/contract/task-spec.ts'
import { checkTaskGraph } from '../../../src/core/submit/check-task-graph.ts'
import { expandTasks } from '../../../src/core/submit/expand-pattern.ts'

const expand = (body: unknown) => expandTasks(SubmitPlan.parse(body))

describe('tasks given one by one', () => {
  test('get ids by their position, and a description if they have none', () => {
    const { tasks, errors } = expand({
      tasks: [
        { task: 'Review the login.' },
        { id: 'api', task: 'x' },
        { task: 'y', description: 'Why' },
      ],
    })
    expect(errors).toEqual([])
    expect(tasks.map(({ id, description }) => [id, description])).toEqual([
      ['task-1', 'Review the login'],
      ['api', 'X'],
      ['task-3', 'Why'],
    ])
  })

  test('never get an id that another task was given', () => {
    const { tasks, errors } = expand({
      tasks: [{ id: 'task-2', task: 'a' }, { task: 'b' }, { id: 'task-2-2', task: 'c' }],
    })
    expect(errors).toEqual([])
    expect(tasks.map(({ id }) => id)).toEqual(['task-2', 'task-2-3', 'task-2-2'])
  })

  test('are refused with the field named when ids or dependencies are wrong', () => {
    const { errors } = expand({
      tasks: [
        { id: 'a', task: 'x', dependsOn: ['a', 'missing'] },
        { id: 'a', task: 'y' },
        { id: 'b', task: 'z', dependsOn: ['a', 'a', 'nobody'] },
      ],
    })
    expect(errors).toEqual([
      { pointer: '/tasks/1/id', detail: '"a" is also the id of task 1' },
      { pointer: '/tasks/0/dependsOn/0', detail: '"a" cannot depend on itself' },
      { pointer: '/tasks/0/dependsOn/1', detail: 'no task has the id "missing"' },
      { pointer: '/tasks/2/dependsOn/2', detail: 'no task has the id "nobody"' },
    ])
  })

  test('that wait for each other are refused with the cycle named', () => {
    const { errors } = expand({
      tasks: [
        { id: 'd', task: 'x', dependsOn: ['c'] },
        { id: 'a', task: 'x', dependsOn: ['b'] },
        { id: 'b', task: 'x', dependsOn: ['c'] },
        { id: 'c', task: 'x', dependsOn: ['a'] },
        { id: 'p', task: 'x', dependsOn: ['q'] },
        { id: 'q', task: 'x', dependsOn: ['p'] },
      ],
    })
    expect(errors).toEqual([
      {
        pointer: '/tasks/1/dependsOn',
        detail: 'a cycle, in which each task waits for the next: a -> b -> c -> a',
      },
      {
        pointer: '/tasks/4/dependsOn',
        detail: 'a cycle, in which each task waits for the next: p -> q -> p',
      },
    ])
  })

  test('may form any graph without a cycle, and every graph with one is refused', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }).chain((size) =>
          fc.record({
            size: fc.constant(size),
            edges: fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 60 }),
          }),
        ),
        ({ size, edges }) => {
          const nodes = Array.from({ length: size }, (_, index) => ({
            id: `n${index}`,
            dependsOn: edges.filter(([from]) => from === index).map(([, to]) => `n${to}`),
          }))
          // The transitive closure says whether any node reaches itself.
          const reach = nodes.map(({ dependsOn }) => new Set(dependsOn))
          for (let k = 0; k < size; k += 1) {
            for (const set of reach)
              if (set.has(`n${k}`)) for (const id of reach[k] ?? []) set.add(id)
          }
          const cyclic = reach.some((set, index) => set.has(`n${index}`))
          expect(checkTaskGraph(nodes, '/tasks').length > 0).toBe(cyclic)
        },
      ),
    )
  })

  test('may form a chain of ten thousand, and a cycle of as many is named in short', () => {
    const chain = Array.from({ length: 10_000 }, (_, index) => ({
      id: `n${index}`,
      dependsOn: index === 0 ? [] : [`n${index - 1}`],
    }))
    expect(checkTaskGraph(chain, '/tasks')).toEqual([])
    const [first] = chain
    first?.dependsOn.push('n9999')
    const [error, ...more] = checkTaskGraph(chain, '/tasks')
    expect(more).toEqual([])
    expect(error?.detail).toMatch(/: n0 -> n9999 -> .* -> \(9990 more\) -> n0$/)
  })

  test('has a limit, which names the task that is beyond it', () => {
    const heads = Array.from({ length: 1_000 }, (_, index) => `n${index}`)
    const nodes = (count: number) => [
      ...heads.map((id) => ({ id })),
      ...Array.from({ length: count }, (_, index) => ({ id: `m${index}`, dependsOn: heads })),
    ]
    expect(checkTaskGraph(nodes(200), '/tasks')).toEqual([])
    expect(checkTaskGraph(nodes(202), '/tasks')).toEqual([
      { pointer: '/tasks/1200/dependsOn', detail: expect.stringContaining('200000 dependencies') },
    ])
  })
})

describe('a pattern by directories', () => {
  test('makes one task a directory, with the directory in every string of the template', () => {
    const { tasks, errors } = expand({
      pattern: {
        kind: 'directories',
        directories: ['src/auth', './src/api/'],
        task: {
          task: 'Read {{directory}} and {{ directory }}.',
          executor: 'echo',
          options: { nested: [{ path: '{{directory}}/x', count: 3 }] },
          focusAreas: ['{{directory}} only'],
          attempts: 7,
        },
      },
    })
    expect(errors).toEqual([])
    expect(tasks).toMatchObject([
      {
        id: 'src-auth',
        description: 'Analyse src/auth',
        task: 'Read src/auth and src/auth.',
        files: ['src/auth/**'],
        options: { nested: [{ path: 'src/auth/x', count: 3 }] },
        focusAreas: ['src/auth only'],
        attempts: 7,
      },
      { id: 'src-api', description: 'Analyse src/api', files: ['src/api/**'] },
    ])
  })

  test('keeps the files that the template names', () => {
    const { tasks } = expand({
      pattern: {
        kind: 'directories',
        directories: ['app/[slug]', '.'],
        task: { task: 'x', files: { read: ['docs/**'], write: ['{{directory}}/*.ts'] } },
      },
    })
    expect(tasks[0]?.files).toEqual({ read: ['docs/**'], write: ['app/\\[slug\\]/*.ts'] })
  })

  test('takes a dot for the whole workspace', () => {
    const { tasks } = expand({
      pattern: { kind: 'directories', directories: ['.'], task: { task: 'x' } },
    })
    expect(tasks).toMatchObject([{ id: 'directory-1', files: ['**'] }])
    const own = expand({
      pattern: {
        kind: 'directories',
        directories: ['.'],
        task: { task: 'x', files: ['{{directory}}/*.ts'] },
      },
    })
    expect(own.tasks[0]?.files).toEqual(['*.ts'])
  })

  test('gives ids that stay apart for names that look alike', () => {
    const { tasks, errors } = expand({
      pattern: {
        kind: 'directories',
        directories: ['src/a b', 'src/a-b', 'src/Über', '资料'],
        task: { id: 'scan', task: 'x' },
      },
    })
    expect(errors).toEqual([])
    expect(tasks.map(({ id }) => id)).toEqual([
      'scan-src-a-b',
      'scan-src-a-b-2',
      'scan-src-uber',
      'scan',
    ])
  })

  test('names a directory that is given twice, blank or outside the workspace', () => {
    const { errors } = expand({
      pattern: {
        kind: 'directories',
        directories: ['src', 'src/', ' ', '../x', '/etc'],
        task: { task: 'x' },
      },
    })
    const outside = 'must be relative to the workspace, without ".."'
    expect(errors).toEqual([
      {
        pointer: '/pattern/directories/1',
        detail: 'is given twice: it is also /pattern/directories/0',
      },
      { pointer: '/pattern/directories/2', detail: 'must not be blank' },
      { pointer: '/pattern/directories/3', detail: outside },
      { pointer: '/pattern/directories/4', detail: outside },
    ])
  })

  test('points to the template when its dependencies do not exist', () => {
    const { errors } = expand({
      pattern: {
        kind: 'directories',
        directories: ['a', 'b'],
        task: { task: 'x', dependsOn: ['zzz'] },
      },
    })
    expect(errors).toEqual([
      { pointer: '/pattern/task/dependsOn/0', detail: 'no task has the id "zzz"' },
    ])
  })
})

describe('a pattern by perspectives', () => {
  test('makes one task a perspective, which is the role where the template has none', () => {
    const { tasks, errors } = expand({
      pattern: {
        kind: 'perspectives',
        perspectives: ['security', 'Test coverage', 'Performance analysis'],
        task: { task: 'Review src/ for {{perspective}}.', files: ['src/**'] },
      },
    })
    expect(errors).toEqual([])
    expect(tasks).toMatchObject([
      {
        id: 'security',
        description: 'Security review',
        role: 'security',
        task: 'Review src/ for security.',
      },
      { id: 'test-coverage', description: 'Test coverage review', role: 'Test coverage' },
      { id: 'performance-analysis', description: 'Performance analysis' },
    ])
  })

  test('becomes a focus area where the template names its own role and no perspective', () => {
    const { tasks } = expand({
      pattern: {
        kind: 'perspectives',
        perspectives: ['security', 'speed'],
        task: { role: 'Senior reviewer', task: 'Review src/', focusAreas: ['tests'] },
      },
    })
    expect(tasks.map(({ role, focusAreas }) => [role, focusAreas])).toEqual([
      ['Senior reviewer', ['security', 'tests']],
      ['Senior reviewer', ['speed', 'tests']],
    ])
  })

  test('may be used in a raw prompt and in the description', () => {
    const { tasks, errors } = expand({
      pattern: {
        kind: 'perspectives',
        perspectives: ['$& security'],
        task: { prompt: 'Judge {{perspective}}', description: 'On {{perspective}}' },
      },
    })
    expect(errors).toEqual([])
    expect(tasks).toMatchObject([
      { id: 'security', prompt: 'Judge $& security', description: 'On $& security' },
    ])
    expect(tasks[0]).not.toHaveProperty('role')
  })

  test('names the entry that makes an invalid task', () => {
    const { errors } = expand({
      pattern: {
        kind: 'perspectives',
        perspectives: ['docs', '../..', 'DOCS'],
        task: { task: 'x', files: ['{{perspective}}/**'] },
      },
    })
    expect(errors).toEqual([
      {
        pointer: '/pattern/perspectives/2',
        detail: 'is given twice: it is also /pattern/perspectives/0',
      },
      {
        pointer: '/pattern/perspectives/1',
        detail: expect.stringMatching(/^makes a task whose `files.*` /),
      },
    ])
  })
})

test('a short pattern that expands to more than a body may contain is refused', () => {
  const { tasks, errors } = expandTasks(
    SubmitPlan.parse({
      pattern: {
        kind: 'perspectives',
        perspectives: Array.from({ length: 1_000 }, (_, index) => `p${index}`),
        task: { task: 'x'.repeat(120_000) },
      },
    }),
    DEFAULT_LIMITS,
  )
  expect(tasks).toEqual([])
  expect(errors).toMatchObject([{ pointer: '/pattern' }])
})

test('every expanded task has a unique id that is a slug', () => {
  const list = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 90 }), {
    minLength: 1,
    maxLength: 30,
  })
  fc.assert(
    fc.property(list, fc.constantFrom('directories', 'perspectives'), (items, kind) => {
      const { tasks } = expand({ pattern: { kind, [kind]: items, task: { task: 'x' } } })
      expect(new Set(tasks.map(({ id }) => id)).size).toBe(tasks.length)
      for (const { id } of tasks) expect(TaskId.safeParse(id).success).toBe(true)
    }),
  )
})
