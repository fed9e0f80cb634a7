import { describe, expect, test } from 'vitest'
import type { Severity } from '../../../src/core/contract/findings.ts'
import { mergeFindings } from '../../../src/core/merge/merge-findings.ts'
import { byRank } from '../../../src/core/merge/rank-findings.ts'
import { aResult } from './results.ts'

/** A finding of this many of the plan's tasks. */
function found(severity: Severity, tasks: number, first = 1) {
  const sources = Array.from({ length: tasks }, (_, index) => `task-${first + index}`)
  return { title: `${severity} of ${tasks}`, severity, confidence: 0.5, sources }
}

function ranked(findings: ReturnType<typeof found>[]): string[] {
  return findings.toSorted(byRank(findings)).map(({ title }) => title)
}

describe('among reviewers who look at the same thing', () => {
  test('what most agree on ranks above a somewhat more severe claim of one', () => {
    expect(
      ranked([found('high', 1), found('medium', 6), found('medium', 5), found('medium', 1)]),
    ).toEqual(['medium of 6', 'medium of 5', 'high of 1', 'medium of 1'])
  })

  test('a far more severe claim of one ranks above what all agree on', () => {
    expect(ranked([found('medium', 6), found('low', 6), found('critical', 1)])).toEqual([
      'critical of 1',
      'medium of 6',
      'low of 6',
    ])
  })

  test('of findings with equally many tasks, the more severe one comes first', () => {
    expect(ranked([found('medium', 4), found('critical', 4), found('high', 4)])).toEqual([
      'critical of 4',
      'high of 4',
      'medium of 4',
    ])
  })
})

test('tasks that look at different things are ranked by severity', () => {
  const own = Array.from({ length: 6 }, (_, index) => found('high', 1, index + 1))
  expect(ranked([found('medium', 3), ...own, found('critical', 1)])).toEqual([
    'critical of 1',
    ...own.map(({ title }) => title),
    'medium of 3',
  ])
})

test('fewer than four tasks are ranked by severity, however much they agree', () => {
  expect(ranked([found('medium', 3), found('medium', 2), found('high', 1)])).toEqual([
    'high of 1',
    'medium of 3',
    'medium of 2',
  ])
})

test('the summary and the actions begin with what the reviewers agree on', () => {
  const shared = [
    {
      title: 'Retries are sent without a pause',
      file: 'src/retry.ts',
      line: 10,
      recommendation: 'Wait before each retry, twice as long every time.',
    },
    {
      title: 'The session key is logged',
      file: 'src/log.ts',
      line: 20,
      recommendation: 'Leave the session key out of the log.',
    },
  ]
  const alone = {
    title: 'Uploads can fill the disk',
    severity: 'high' as const,
    file: 'src/upload.ts',
    line: 30,
    recommendation: 'Limit the size of an upload.',
  }
  const draft = mergeFindings(
    ['a', 'b', 'c', 'd', 'e', 'f'].map((task) =>
      aResult(task, task === 'a' ? [alone, ...shared] : shared),
    ),
  )
  expect(draft.findings.map(({ severity, from }) => [severity, from.length])).toEqual([
    ['medium', 6],
    ['medium', 6],
    ['high', 1],
  ])
  expect(draft.actions.map(({ findings }) => findings)).toEqual([[0], [1], [2]])
  expect(draft.summary).toContain('1 high, 2 medium')
  expect(draft.summary).toMatch(
    /1\. \*\*Medium: .*\n(?: .*\n)*2\. \*\*Medium: .*\n(?: .*\n)*3\. \*\*High: /,
  )
})
