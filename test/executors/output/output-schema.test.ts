import { describe, expect, test } from 'vitest'
import { outputSchema, schemaProblem } from '../../../src/executors/output/output-schema.ts'

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
    expect(outputSchema(SCORE).read(text)).toEqual({
      fits: true,
      text: '{"score": 1}',
      data: { score: 1 },
    })
  })

  test('may hold brackets in its texts', () => {
    const schema = outputSchema({ type: 'object', required: ['text'] })
    const read = schema.read('So: {"text": "a } b \\" ] c"} and more')
    expect(read).toMatchObject({ fits: true, data: { text: 'a } b " ] c' } })
  })

  test('may be any kind of value', () => {
    expect(outputSchema({ type: 'array' }).read('[1, 2]')).toMatchObject({ data: [1, 2] })
    expect(outputSchema({ type: 'string' }).read('"yes"')).toMatchObject({ data: 'yes' })
    expect(outputSchema({ type: 'null' }).read('null')).toMatchObject({ fits: true, data: null })
  })
})

test('says in words what is wrong', () => {
  const problemsOf = (text: string) => {
    const read = outputSchema(SCORE).read(text)
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
  expect(outputSchema(date).read('{"at": "tomorrow"}').fits).toBe(false)
  expect(outputSchema(date).read('{"at": "2026-11-23"}').fits).toBe(true)
  const tuple = { items: [{ type: 'integer' }], additionalItems: false }
  const draft7 = { $schema: 'http://json-schema.org/draft-07/schema#', type: 'array', ...tuple }
  expect(outputSchema(draft7).read('[1, 2]').fits).toBe(false)
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

test('a pattern that would never end does not stop the process', () => {
  const schema = outputSchema({ type: 'string', pattern: '^(a+)+$' })
  expect(schema.read(JSON.stringify(`${'a'.repeat(60)}!`))).toEqual({
    fits: false,
    problems: ['It could not be checked in time.'],
  })
})
