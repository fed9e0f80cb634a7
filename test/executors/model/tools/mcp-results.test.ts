import { expect, test } from 'vitest'
import { acceptedNames } from '../../../../src/executors/model/tools/accepted-names.ts'
import { fitResult } from '../../../../src/executors/model/tools/mcp-results.ts'

const text = (length: number) => ({ type: 'text', text: 'x'.repeat(length) })

test('tools whose names look the same to providers get distinct, stable names', () => {
  const long = `mcp__docs__${'a'.repeat(70)}`
  const names = [
    'mcp__docs__docs.search',
    'mcp__docs__docs_search',
    'mcp__docs__docs/search',
    `${long}1`,
    `${long}2`,
  ]
  const accepted = acceptedNames(names)
  expect(new Set(accepted.values()).size).toBe(names.length)
  expect(accepted.get('mcp__docs__docs_search')).toBe('mcp__docs__docs_search')
  for (const name of accepted.values()) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
  expect([...acceptedNames(names.toReversed())].sort()).toEqual([...accepted].sort())
  expect(acceptedNames(['mcp__docs__a.b']).get('mcp__docs__a.b')).toBe('mcp__docs__a_b')
})

test('data without a text is given as JSON', () => {
  for (const content of [[], undefined]) {
    expect(fitResult({ content, structuredContent: { hits: [1] } })).toMatchObject({
      content: [{ type: 'text', text: '{"hits":[1]}' }],
    })
  }
  const large = JSON.stringify(fitResult({ content: [], structuredContent: text(100_000) }))
  expect(large.length).toBeLessThan(45_000)
})

test.each([
  ['many texts', Array.from({ length: 100 }, () => text(30_000))],
  ['one text', [text(2_000_000)]],
  [
    'resources',
    Array.from({ length: 9 }, () => ({
      type: 'resource',
      resource: { uri: 'a:b', ...text(30_000) },
    })),
  ],
  [
    'binary resources',
    [{ type: 'resource', resource: { uri: 'a:b', blob: 'x'.repeat(2_000_000) } }],
  ],
  ['an image', [{ type: 'image', mimeType: 'image/png', data: 'x'.repeat(2_000_000) }]],
  ['something else', [{ type: 'hologram', points: 'x'.repeat(2_000_000) }]],
])('a result is cut as a whole, with a word on it: %s', (_, content) => {
  const shown = JSON.stringify(fitResult({ content }))
  expect(shown.length).toBeLessThan(60_000)
  expect(shown).toMatch(/left out|cut: the first/)
})

test('a result that fits is unchanged', () => {
  const content = [text(10), { type: 'image', mimeType: 'image/png', data: 'abc' }]
  expect(fitResult({ content, isError: false })).toEqual({ content, isError: false })
  expect(fitResult('plain')).toBe('plain')
})
