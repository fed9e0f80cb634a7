import { describe, expect, test } from 'vitest'
import { ServiceError } from '../../../src/core/contract/errors.ts'
import { DEFAULT_LIMITS } from '../../../src/core/contract/limits.ts'
import { parseSubmission } from '../../../src/core/submit/prepare-plan.ts'

function errorsOf(body: unknown): string[] {
  try {
    parseSubmission(DEFAULT_LIMITS, body)
  } catch (error) {
    if (error instanceof ServiceError) {
      return error.errors.map(({ pointer, detail }) => `${pointer} ${detail}`)
    }
    throw error
  }
  return []
}

const tasks = [{ task: 'Look.' }]
const task = (more: object) => ({ tasks: [{ task: 'Look.', ...more }] })

describe('the error of every wrong field says what it must be', () => {
  test.each<[unknown, string[]]>([
    [undefined, [' is required']],
    [[], [' must be an object, not an array']],
    ['plan', [' must be an object, not a string']],
    [{ tasks: {} }, ['/tasks must be an array, not an object']],
    [{ tasks: [] }, ['/tasks must not be empty']],
    [{ tasks: [null] }, ['/tasks/0 must be an object, not null']],
    [{ tasks, titel: 'x' }, ['/titel is not a known field; did you mean `title`?']],
    [
      task({ depends_on: ['a'] }),
      ['/tasks/0/depends_on is not a known field; did you mean `dependsOn`?'],
    ],
    [
      task({ timeout: 5, colour: 1 }),
      [
        '/tasks/0/timeout is not a known field; did you mean `timeoutMs`?',
        '/tasks/0/colour is not a known field',
      ],
    ],
    [{ tasks, mode: 'both' }, ['/mode must be one of parallel, sequential']],
    [{ tasks, title: 'x'.repeat(301) }, ['/title must have at most 300 characters']],
    [{ tasks, title: ' \n ' }, ['/title must not be blank']],
    [{ tasks: [{ task: '' }] }, ['/tasks/0/task must not be blank']],
    [task({ timeoutMs: 1.5 }), ['/tasks/0/timeoutMs must be a whole number, not 1.5']],
    [task({ timeoutMs: '5' }), ['/tasks/0/timeoutMs must be a number, not a string']],
    [task({ attempts: 0 }), ['/tasks/0/attempts must be at least 1']],
    [task({ priority: 101 }), ['/tasks/0/priority must be at most 100']],
    [{ tasks, policy: { budgetUsd: 0 } }, ['/policy/budgetUsd must be more than 0']],
    [{ tasks, webhook: { url: 'ftp://x' } }, ['/webhook/url must be an http or https URL']],
    [
      { tasks, workspace: { files: { '../x': 'y' } } },
      [
        '/workspace/files/..~1x has a name that must be a plain relative path, without "..", and not inside .git',
      ],
    ],
    [{ pattern: { kind: 'files' } }, ['/pattern/kind must be one of directories, perspectives']],
    [{ pattern: { kind: 'directories', directories: ['a'] } }, ['/pattern/task is required']],
  ])('%j', (body, errors) => {
    expect(errorsOf(body)).toEqual(errors)
  })
})

describe('if several forms are possible, the error is about the one that was meant', () => {
  const workspace = (value: unknown) => errorsOf({ tasks, workspace: value })

  test('or all are named if that is unclear', () => {
    const oneOf = ['/workspace must have exactly one of `path`, `git` and `files`']
    expect(workspace({})).toEqual(oneOf)
    expect(workspace('src')).toEqual(oneOf)
    expect(workspace({ path: 'a', files: { a: 'b' } })).toEqual(oneOf)
    expect(errorsOf({ tasks, synthesis: true })).toEqual(['/synthesis must be false or an object'])
    expect(errorsOf(task({ files: 'src' }))).toEqual([
      '/tasks/0/files must be an array of globs, or an object with `read` and `write`',
    ])
  })

  test('and with its own words', () => {
    expect(workspace({ path: 5 })).toEqual(['/workspace/path must be a string, not a number'])
    expect(workspace({ path: 'a', branch: 'b' })).toEqual([
      '/workspace/branch is not a known field',
    ])
    expect(workspace({ git: {} })).toEqual(['/workspace/git/url is required'])
    expect(workspace({ files: {} })).toEqual(['/workspace/files must hold at least one file'])
    expect(errorsOf({ tasks, synthesis: { every: 0 } })).toEqual([
      '/synthesis/every must be at least 1',
    ])
    expect(errorsOf({ tasks, synthesis: { evry: 1 } })).toEqual([
      '/synthesis/evry is not a known field; did you mean `every`?',
    ])
    expect(errorsOf(task({ files: { write: 'a' } }))).toEqual([
      '/tasks/0/files/write must be an array, not a string',
    ])
    expect(errorsOf(task({ files: ['/etc'] }))).toEqual([
      '/tasks/0/files/0 must be relative to the workspace, without ".."',
    ])
  })
})

test('the order of keys does not make another submission', () => {
  const one = { tasks: [{ id: 'a', task: 'Look.' }], metadata: { b: [{ d: 1, c: 2 }], a: null } }
  const two = { metadata: { a: null, b: [{ c: 2, d: 1 }] }, tasks: [{ task: 'Look.', id: 'a' }] }
  const canonical = (body: unknown) => parseSubmission(DEFAULT_LIMITS, body).canonical
  expect(canonical(two)).toBe(canonical(one))
  expect(canonical({ ...two, title: 'x' })).not.toBe(canonical(one))
})
