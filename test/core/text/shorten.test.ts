import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SubmitPlan } from '../../../src/core/contract/submission.ts'
import { synthesisSarif } from '../../../src/core/export/export-sarif.ts'
import { extractFindings } from '../../../src/core/findings/extract-findings.ts'
import { mergeFindings } from '../../../src/core/merge/merge-findings.ts'
import { settleSynthesis } from '../../../src/core/merge/settle-synthesis.ts'
import { digest } from '../../../src/core/merge/write-summary.ts'
import { describeTask } from '../../../src/core/submit/describe-task.ts'
import { expandTasks } from '../../../src/core/submit/expand-pattern.ts'
import { shorten } from '../../../src/core/text/shorten.ts'
import { fitResult } from '../../../src/executors/model/tools/mcp-results.ts'
import { cutLine } from '../../../src/executors/model/tools/output-budget.ts'
import { offSchema } from '../../../src/executors/output/outcome.ts'
import { brief } from '../../../src/mcp/excerpt.ts'
import { aResult } from '../merge/results.ts'

describe('a text is cut', () => {
  test('to at most as many characters, of which it is the beginning, and never within one', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.integer({ min: 0, max: 50 }),
        (text, limit) => {
          const short = shorten(text, limit)
          expect(short.length).toBeLessThanOrEqual(limit)
          expect(text.startsWith(short)).toBe(true)
          expect(short.isWellFormed()).toBe(true)
          expect(short.length).toBeGreaterThanOrEqual(Math.min(text.length, limit) - 1)
        },
      ),
    )
  })

  test.each([
    ['a text that fits', 'four', 4, 'four'],
    ['one that does not', 'five5', 4, 'fiv…'],
    ['spaces before the ellipsis', 'to be or', 4, 'to…'],
    ['a pair at the end', 'ab😀cd', 4, 'ab…'],
    ['a pair before the end', 'a😀cde', 4, 'a😀…'],
  ])('with an ellipsis where people read it: %s', (_, text, limit, expected) => {
    expect(shorten(text, limit, '…')).toBe(expected)
  })
})

/** Long texts of emoji, whose pairs begin at even places in one and at odd ones in the other. */
const EMOJI = '😀'.repeat(30_000)
const TEXTS = [EMOJI, `a${EMOJI}`]

function expectReadable(value: unknown): void {
  const json = JSON.stringify(value)
  // `JSON.stringify` escapes lone surrogates, and nothing else that starts with these characters.
  expect(json.match(/\\ud[89a-f]\w\w/g) ?? []).toEqual([])
}

describe.each(TEXTS)('of a text of emoji no half is left (%#)', (long) => {
  const finding = {
    title: long,
    severity: 'high' as const,
    confidence: 0.9,
    category: long,
    file: `src/${long}.ts`,
    line: 1,
    detail: long,
    evidence: long,
    recommendation: `Use ${long}`,
  }

  test('in a description', () => {
    expectReadable(describeTask({ task: `Review ${long}` }))
    const task = { task: 'Look for {{perspective}}' }
    const body = { pattern: { kind: 'perspectives', perspectives: [shorten(long, 200)], task } }
    const { tasks } = expandTasks(SubmitPlan.parse(body))
    expectReadable(tasks.map(({ description }) => description))
  })

  test('in findings of JSON and of Markdown', () => {
    const { title, detail } = finding
    expectReadable(extractFindings(JSON.stringify({ findings: [{ ...finding, title, detail }] })))
    expectReadable(extractFindings(`## High: ${long}\n\n${long}\n\nCategory: ${long}\n`))
    expectReadable(extractFindings(`- **[high]** ${long} Fix: ${long}\n`))
  })

  test('in a synthesis: its summary, conflicts, actions and what it exports', () => {
    const results = [
      aResult('a', [finding, { ...finding, recommendation: `Remove ${long}` }], { text: long }),
      aResult('b', [{ ...finding, title: `b${long}`, recommendation: `Keep ${long}` }], {
        text: `# ${long}\n\n${long}`,
      }),
      aResult('c', [], { text: `# ${long}\n\n${long}`, description: long }),
    ]
    const synthesis = settleSynthesis({
      draft: mergeFindings(results),
      input: { results },
      executor: 'merge',
      version: 1,
      createdAt: '2026-01-01T00:00:00.000Z',
      preliminary: false,
      notes: [],
    })
    expect(synthesis.findings.length).toBeGreaterThan(0)
    expectReadable(synthesis)
    expectReadable(synthesisSarif(synthesis))
    expectReadable(digest(long))
  })

  test('in errors, results of tools, and what assistants are shown', () => {
    expectReadable(offSchema([long]))
    expectReadable([cutLine(long), fitResult({ content: [{ type: 'text', text: long }] })])
    expectReadable([99, 100].map((most) => brief(long, most)))
  })
})
