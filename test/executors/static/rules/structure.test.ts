import { describe, expect, test } from 'vitest'
import type { SyntaxRule } from '../../../../src/executors/static/rules/rule.ts'
import { STRUCTURE_RULES } from '../../../../src/executors/static/rules/structure.ts'
import { hitsIn, testSamples } from './samples.ts'

const lines = (count: number, line = '  step()') =>
  Array.from({ length: count }, () => line).join('\n')
const named = (name: string, body: string) => `function ${name}() {\n${body}\n}`

describe('rules on structure', () => {
  testSamples(STRUCTURE_RULES, {
    'long-function': {
      bad: [named('long', lines(101)), `const long = async () => {\n${lines(120)}\n}`],
      good: [
        named('short', lines(90)),
        named(
          'outer',
          Array.from({ length: 3 }, (_, i) => named(`inner${i}`, lines(50))).join('\n'),
        ),
        named('table', `  return [\n${lines(150, "    { name: 'a', value: 1 },")}\n  ]`),
        `function Page() {\n  return (\n    <main>\n${lines(150, '      <p>text</p>')}\n    </main>\n  )\n}`,
      ],
    },
    'deep-relative-import': {
      bad: ["import { a } from '../../../../core/a.ts'", "export * from '../../../../../a.ts'"],
      good: ["import { a } from '../../../core/a.ts'", "import { a } from '#core/a.ts'"],
    },
    'import-from-tests': {
      bad: [
        "import { fake } from '../test/support.ts'",
        "import { a } from './a.test.ts'",
        "const mock = require('./__mocks__/api')",
      ],
      good: [
        "import { a } from './latest/a.ts'",
        "import { test } from 'vitest'",
        "import { a } from './contest/a.ts'",
      ],
    },
  })

  test('a long function is named and counted, without the functions in it', () => {
    const rule = STRUCTURE_RULES.find(({ id }) => id === 'long-function') as SyntaxRule
    const code = named('outer', `${lines(250)}\n${named('inner', lines(40))}`)
    expect(hitsIn(rule, code)).toMatchObject([
      { title: 'Function of 253 lines (`outer`)', severity: 'medium' },
    ])
  })
})
