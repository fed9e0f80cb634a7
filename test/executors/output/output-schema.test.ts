import { describe, expect, test } from 'vitest'
import { readJson, schemaProblem } from '../../../src/executors/output/output-schema.ts'

const SCORE = {
  type: 'object',
  properties: { score: { type: 'integer' }, level: { enum: ['low', 'high'] } },
  required: ['score'],
  additionalProperties: false,
}

describe('the JSON in an answer', () => {
  test.each([
    ['alone', '{"score": 1}'],
    ['with space around it', '\n\n  {"score": 1}\n'],
    ['in a fenced block', 'Here:\n```json\n{"score": 1}\n```\nThat is it.'],
    ['in the last of several blocks', '```\n{"draft": 1}\n```\n\n```json\n{"score": 1}\n```'],
    ['within a sentence', 'The result is {"score": 1}, as far as I can tell {so far}.'],
    ['behind drafts that it thought aloud', '<think>\n{"score": 2}\n</think>\n{"score": 1}'],
    ['behind braces that are none', 'Use {curly} ones: {"score": 1}'],
  ])('is found %s', (_, text) => {
    expect(readJson(SCORE, text)).toEqual({
      fits: true,
      text: '{"score": 1}',
      data: { score: 1 },
    })
  })

  test('may hold brackets in its texts', () => {
    const schema = { type: 'object', required: ['text'] }
    const read = readJson(schema, 'So: {"text": "a } b \\" ] c"} and more')
    expect(read).toMatchObject({ fits: true, data: { text: 'a } b " ] c' } })
  })

  test('may be any kind of value', () => {
    expect(readJson({ type: 'array' }, '[1, 2]')).toMatchObject({ data: [1, 2] })
    expect(readJson({ type: 'string' }, '"yes"')).toMatchObject({ data: 'yes' })
    expect(readJson({ type: 'null' }, 'null')).toMatchObject({ fits: true, data: null })
  })
})

test('says in words what is wrong', () => {
  const problemsOf = (text: string) => {
    const read = readJson(SCORE, text)
    return read.fits ? [] : read.problems
  }
  expect(problemsOf('No idea.')).toEqual(['It holds no JSON.'])
  expect(problemsOf('{}')).toEqual(["The JSON must have required property 'score'"])
  expect(problemsOf('{"score": 1, "level": "mid", "x": 1}')).toEqual([
    'The JSON must NOT have additional properties ("x")',
    '/level must be equal to one of the allowed values (["low","high"])',
  ])
})

test('knows formats, and the drafts that are in use', () => {
  const date = { type: 'object', properties: { at: { type: 'string', format: 'date' } } }
  expect(readJson(date, '{"at": "tomorrow"}').fits).toBe(false)
  expect(readJson(date, '{"at": "2026-11-23"}').fits).toBe(true)
  const tuple = { items: [{ type: 'integer' }], additionalItems: false }
  const draft7 = { $schema: 'http://json-schema.org/draft-07/schema#', type: 'array', ...tuple }
  expect(readJson(draft7, '[1, 2]').fits).toBe(false)
  const modern = { $schema: 'https://json-schema.org/draft/2020-12/schema', prefixItems: [{}] }
  expect(schemaProblem(modern)).toBeUndefined()
})

test.each([
  [{ type: 'nonsense' }],
  [{ $ref: 'https://example.com/other.json' }],
  [{ properties: 7 }],
  [{ pattern: '(' }],
])('names what makes a schema useless: %j', (schema) => {
  expect(schemaProblem(schema)).toMatch(/^does not compile: /)
})

test('schemas with the same name do not affect each other', () => {
  const named = { $id: 'https://example.com/a', type: 'string' }
  expect(schemaProblem(named)).toBeUndefined()
  expect(schemaProblem({ ...named, minLength: 1 })).toBeUndefined()
  expect(schemaProblem({ $ref: 'https://example.com/a' })).toMatch(/^does not compile: /)
})
