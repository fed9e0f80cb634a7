import { describe, expect, test } from 'vitest'
import type { Finding } from '../../../src/core/contract/findings.ts'
import { mergeFindings } from '../../../src/core/merge/merge-findings.ts'
import { digest } from '../../../src/core/merge/write-summary.ts'
import { aResult } from './results.ts'

const summaryOf = (...tasks: Partial<Finding>[][]) =>
  mergeFindings(tasks.map((findings, index) => aResult(`task-${index + 1}`, findings as Finding[])))
    .summary

const NOUNS = 'invoice cart coupon parcel refund ledger stock price customer voucher'.split(' ')

describe('the summary of a merge', () => {
  test('of one finding mentions it once, and claims no confidence that nobody gave', () => {
    const summary = summaryOf([{ title: 'The lock is never released', file: 'a.ts', line: 3 }])
    expect(summary).toContain('**1 finding from 1 task')
    expect(summary).not.toMatch(/% sure|Findings by file|The other/)
    expect(summary).toContain('1. Fix: The lock is never released (a.ts:3).\n   For 1 above.')
  })

  test('of none says so', () => {
    expect(summaryOf([], [])).toContain('No task reported a finding.')
  })

  test('counts the tasks that agree', () => {
    const same = [{ title: 'The lock is never released', file: 'a.ts', line: 3 }]
    expect(summaryOf(same, same, same, same, [])).toContain('(found by 4 of 5 tasks)')
    expect(summaryOf(same, same)).toContain('(task-1, task-2)')
  })

  test('of many lists each in one row, file by file', () => {
    const many = Array.from({ length: 400 }, (_, index) => ({
      title: `The ${NOUNS[index % 10]} | ${index} is read twice`,
      file: `src/${String(index).padStart(3, '0')}.ts`,
    }))
    const summary = summaryOf(many)
    const rows = summary.split('\n').filter((line) => line.startsWith('| `'))
    expect(rows).toHaveLength(200)
    expect(rows[0]).toMatch(
      /^\| `src\/\d+\.ts` \| medium \| The \w+ \\\| \d+ is read twice \| 1 \| \d+ \|$/,
    )
    expect(summary).toContain('The other 390 findings are in the table below.')
    expect(summary).toContain('… and 200 more findings.')
  })

  test('asks for what is to be done in a sentence, never in a diff', () => {
    const summary = summaryOf([
      { title: 'Stale', severity: 'high', recommendation: '```diff\n- a\n+ b\n```' },
      {
        title: 'Slow',
        severity: 'low',
        recommendation: 'Read it once. As follows:\n```ts\nread()\n```',
      },
    ])
    expect(summary).toContain('1. Fix: Stale.\n   For 1 above.\n2. Read it once.\n   For 2 above.')
    expect(summary).not.toContain('diff')
  })
})

test('a heading of any length is read in one pass', () => {
  expect(digest(`# ${' '.repeat(19_000)}#x`)).toContain('#x')
  expect(digest('## Done ##\n\nAll is well.')).toBe('Done: All is well.')
})
