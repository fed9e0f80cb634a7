import { expect, test } from 'vitest'
import { grammarOf, registersTests, roleOf } from '../../../../src/executors/static/files/kinds.ts'
import type { Hit } from '../../../../src/executors/static/findings.ts'
import type { SyntaxRule } from '../../../../src/executors/static/rules/rule.ts'
import { parseSource, runRules } from '../../../../src/executors/static/rules/run-rules.ts'

/** Code that a rule must find, and code that it must leave alone. */
export interface Samples {
  bad: string[]
  good: string[]
}

/** What one rule finds in a piece of code, as if it were a file of its own. */
export function hitsIn(rule: SyntaxRule, code: string, path = pathFor(rule, code)): Hit[] {
  const grammar = grammarOf(path)
  if (grammar === undefined) throw new Error(`${path} is no code`)
  const role = roleOf(path, registersTests(code))
  return runRules([rule], { path, text: code, role, root: parseSource(code, grammar) })
}

function pathFor(rule: SyntaxRule, code: string): string {
  if (rule.appliesTo.includes('test')) return 'test/sample.test.ts'
  return /<\w+[^>]*\/>|<\/\w+>/.test(code) ? 'src/sample.tsx' : 'src/sample.ts'
}

/** A test for each rule, and one that no rule is without samples. */
export function testSamples(rules: readonly SyntaxRule[], samples: Record<string, Samples>): void {
  test('every rule has code that it finds and code that it leaves alone', () => {
    expect(Object.keys(samples).sort()).toEqual(rules.map(({ id }) => id).sort())
    for (const { bad, good } of Object.values(samples)) {
      expect(bad.length).toBeGreaterThan(0)
      expect(good.length).toBeGreaterThan(0)
    }
  })

  for (const rule of rules) {
    test(`${rule.id} finds what it should and nothing else`, () => {
      const { bad, good } = samples[rule.id] ?? { bad: [], good: [] }
      const missed = bad.filter((code) => hitsIn(rule, code).length === 0)
      const mistaken = good.filter((code) => hitsIn(rule, code).length > 0)
      expect({ missed, mistaken }).toEqual({ missed: [], mistaken: [] })
    })
  }
}
