import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { describeTask } from '../../../src/core/submit/describe-task.ts'
import {
  MAX_DEPENDENCY_CHARS,
  renderFullPrompt,
  renderTaskPrompt,
} from '../../../src/core/text/prompt.ts'
import { estimateTokens } from '../../../src/core/text/tokens.ts'

describe('a subagent prompt', () => {
  test('holds the six fields in the order of the pattern', () => {
    const prompt = renderTaskPrompt({
      role: 'Security',
      task: 'Review the login.',
      context: 'Sessions live in Redis.',
      files: ['src/auth/**', 'src/session.ts'],
      outputFormat: 'A list of findings.',
      focusAreas: ['injection', 'session handling'],
    })
    expect(prompt).toBe(`You are a Security specialist for this specific task.

Task: Review the login.

Context:
Sessions live in Redis.

Files to work with:
- src/auth/**
- src/session.ts

Output format:
A list of findings.

Focus areas:
- injection
- session handling`)
  })

  test('leaves no heading for a field that was not given', () => {
    expect(renderTaskPrompt({ task: 'Count files' })).toBe('Task: Count files')
    expect(renderTaskPrompt({ task: 'Count files', files: [], focusAreas: [] })).toBe(
      'Task: Count files',
    )
    expect(renderTaskPrompt({ task: 'Count files', files: { read: [], write: [] } })).toBe(
      'Task: Count files',
    )
  })

  test('says which files are read and which may be changed', () => {
    const prompt = renderTaskPrompt({
      task: 'Move it',
      files: { read: ['docs/**'], write: ['src/a.ts'] },
    })
    expect(prompt).toContain(
      'Files to work with:\nRead:\n- docs/**\nWrite (change no other files):\n- src/a.ts',
    )
  })

  test('uses a raw prompt unchanged', () => {
    expect(renderTaskPrompt({ prompt: '  raw\n\ntext ' })).toBe('  raw\n\ntext ')
  })

  test.each([
    ['security', 'You are a security specialist for this specific task.'],
    ['Security specialist', 'You are a Security specialist for this specific task.'],
    ['architecture', 'You are an architecture specialist for this specific task.'],
    ['senior engineer', 'You are a senior engineer for this specific task.'],
    ['an API reviewer', 'You are an API reviewer for this specific task.'],
    ['You are an expert in Redis', 'You are an expert in Redis for this specific task.'],
    ['expert in Redis', 'You are an expert in Redis for this specific task.'],
    ['UX', 'You are a UX specialist for this specific task.'],
    ['user experience', 'You are a user experience specialist for this specific task.'],
    ['SQL', 'You are an SQL specialist for this specific task.'],
    ['You are a poet. You rhyme.', 'You are a poet. You rhyme.'],
    ['Knows C. Likes Rust.', 'You are a specialist for this specific task. Knows C. Likes Rust.'],
  ])('reads well with the role %j', (role, sentence) => {
    expect(renderTaskPrompt({ role, task: 'Go' })).toBe(`${sentence}\n\nTask: Go`)
  })

  test('ends with what the tasks it depends on produced', () => {
    const prompt = renderTaskPrompt({ task: 'Fix it' }, [
      { taskId: 'find', description: 'Find the bug', status: 'succeeded', text: 'It is in a.ts.' },
      { taskId: 'half', description: 'Half done', status: 'incomplete', text: '' },
    ])
    expect(prompt).toBe(`Task: Fix it

Results of the tasks this one depends on:

### find: Find the bug
It is in a.ts.

### half: Half done (incomplete)
(no output)`)
  })

  test('gives long outputs of dependencies a bounded share and says what was cut', () => {
    const long = 'x'.repeat(MAX_DEPENDENCY_CHARS * 2)
    const prompt = renderTaskPrompt({ prompt: 'p' }, [
      { taskId: 'a', description: 'A', status: 'succeeded', text: long },
      { taskId: 'b', description: 'B', status: 'succeeded', text: 'short' },
      { taskId: 'c', description: 'C', status: 'succeeded', text: long },
    ])
    expect(prompt.length).toBeLessThan(MAX_DEPENDENCY_CHARS + 1_000)
    expect(prompt).toContain('### b: B\nshort')
    expect(prompt.match(/\[cut: the first \d+ of 240000 characters\]/g)).toHaveLength(2)
  })

  test('comes after the shared context, which starts every prompt of a plan', () => {
    expect(renderFullPrompt('Shared.', 'Own.')).toBe('Shared.\n\nOwn.')
    expect(renderFullPrompt('', 'Own.')).toBe('Own.')
  })
})

describe('a default description', () => {
  test.each([
    ['Review the authentication service for injection.', 'Review the authentication service'],
    ['please check every single one of the endpoints', 'Check every single one'],
    ['## Heading here\nbody', 'Heading here'],
    ['- `parse` the *config* file', 'Parse the config file'],
    ['Go', 'Go'],
    ['  \n\n', 'Task'],
    ['🙂', 'Task'],
  ])('of %j is %j', (task, description) => {
    expect(describeTask({ task })).toBe(description)
  })

  test('is never empty, never long, never more than five words', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), (task) => {
        const description = describeTask({ task })
        expect(description.length).toBeGreaterThan(0)
        expect(description.length).toBeLessThanOrEqual(81)
        expect(description.split(/\s+/).length).toBeLessThanOrEqual(5)
      }),
    )
  })
})

test('tokens are guessed from characters, more for wide scripts', () => {
  expect(estimateTokens('')).toBe(0)
  expect(estimateTokens('abcd'.repeat(100))).toBe(100)
  expect(estimateTokens('漢字漢字')).toBe(4)
})
