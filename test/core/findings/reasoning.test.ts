import { describe, expect, test } from 'vitest'
import { extractFindings } from '../../../src/core/findings/extract-findings.ts'
import { withoutReasoning } from '../../../src/core/findings/reasoning.ts'

describe('what a model thinks aloud', () => {
  test.each([
    ['<think>\nLet me see.\n</think>\n\nAll is fine.', 'All is fine.', 'Let me see.'],
    ['<think>Let me see.</think>All is fine.', 'All is fine.', 'Let me see.'],
    [
      '<thinking>Hm.</thinking>\nYes.\n<thinking>Or no?</thinking>\nYes.',
      'Yes.\nYes.',
      'Hm.\nOr no?',
    ],
    ['Let me see.\nIt is so.\n</think>\n\nAll is fine.', 'All is fine.', 'Let me see.\nIt is so.'],
    ['<think>\nLet me see', '', 'Let me see'],
    ['<think>\n```json\n{"a": 1}\n```\n</think>\n{"a": 2}', '{"a": 2}', '```json\n{"a": 1}\n```'],
  ])('is taken out and kept: %j', (whole, text, reasoning) => {
    expect(withoutReasoning(whole)).toEqual({ text, reasoning })
  })

  test.each([
    'The tag `<think>` opens it and `</think>` closes it.',
    'It ends with </think> in the middle of a line.',
    '```html\n<think>\nno\n</think>\n```\nThat is the template.',
    '{"title": "The prompt holds </think>", "severity": "low"}',
    'A <b>bold</b> word.',
  ])('is not what only speaks of it: %j', (text) => {
    expect(withoutReasoning(text)).toEqual({ text })
  })

  test('holds no findings, in Markdown or JSON', () => {
    const draft = '- **High**: A draft\n```json\n[{"title":"Draft","severity":"high"}]\n```'
    expect(extractFindings(`<think>\n${draft}\n</think>\n- **Low**: The answer`)).toMatchObject([
      { title: 'The answer' },
    ])
    expect(extractFindings(`${draft}\n</think>\nNothing was found.`)).toEqual([])
  })
})
