import { expect, test } from 'vitest'
import { fieldName, sentence } from '../../dashboard/src/new-plan/field-words.ts'

test.each([
  ['/title', 'Title'],
  ['/tasks/1/outputSchema', 'Task 2, output schema'],
  ['/tasks/0/focusAreas/2', 'Task 1, focus areas, entry 3'],
  ['/tasks/3', 'Task 4'],
  ['/tasks', 'Tasks'],
  ['/workspace/path', 'Folder of the workspace'],
  ['/workspace/files/src~1a.ts', 'Workspace, files, src/a.ts'],
  ['#/policy/budgetUsd', 'Budget'],
  ['', 'The plan'],
])('%s is called %s', (pointer, name) => {
  expect(fieldName(pointer)).toBe(name)
})

test('what a field must be is said as a sentence', () => {
  expect(sentence('must not be empty')).toBe('Must not be empty.')
  expect(sentence('needs files: set workspace.')).toBe('Needs files: set workspace.')
})
