import { expect, test } from 'vitest'
import { renderMarkdown } from '../../src/cli/render-markdown.ts'

test('Markdown on a terminal: folds long lines below their bullet, without the marks', () => {
  const text = '## Risks\n\n- **High**: `eval` runs whatever it is given, and nobody checks it\n'
  expect(renderMarkdown(text, 40)).toBe(
    'Risks\n\n• High: eval runs whatever it is given,\n  and nobody checks it\n',
  )
})

test('Markdown on a terminal: drops what would move the cursor', () => {
  expect(renderMarkdown('a\u001b[2Jb\u0007c', 80)).toBe('abc')
})
