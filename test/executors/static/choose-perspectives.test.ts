import { expect, test } from 'vitest'
import { choosePerspectives } from '../../../src/executors/static/choose-perspectives.ts'
import { aTask } from './support.ts'

const ALL = ['security', 'performance', 'testing', 'architecture']
const plain = { id: 'task-1', description: 'Review', task: 'Review the code.' }

test.each([
  ['nothing', plain, ALL],
  [
    'the option',
    { ...plain, role: 'Security specialist', options: { perspective: 'testing' } },
    ['testing'],
  ],
  ['the option `all`', { ...plain, id: 'security', options: { perspective: 'all' } }, ALL],
  ['the id', { ...plain, id: 'performance' }, ['performance']],
  ['the description', { ...plain, description: 'Architecture review' }, ['architecture']],
  ['the role', { ...plain, role: 'Application security engineer' }, ['security']],
  ['the task', { ...plain, task: 'Find missing tests and slow code.' }, ['performance', 'testing']],
  ['the focus areas', { ...plain, focusAreas: ['import cycles', 'layers'] }, ['architecture']],
  [
    'the prompt',
    { ...plain, task: undefined, prompt: 'You look for vulnerabilities.' },
    ['security'],
  ],
  ['the id before the task', { ...plain, id: 'testing', task: 'Test the security.' }, ['testing']],
  [
    'no perspective, where it is only the name of a folder',
    {
      ...plain,
      id: 'src-security',
      description: 'Analyse src/security',
      task: 'Review src/security.',
      files: ['src/security/**'],
    },
    ALL,
  ],
])('a task names its perspective by %s', (_, changes, expected) => {
  const { task, ...rest } = changes as { task?: string | undefined }
  const spec = aTask({ ...rest, ...(task !== undefined && { task }) })
  if (task === undefined) delete spec.task
  expect(choosePerspectives(spec).perspectives).toEqual(expected)
})
