import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { refOf } from '../../../src/core/contract/findings.ts'
import { combineDrafts } from '../../../src/core/merge/combine-drafts.ts'
import {
  groupResults,
  slicesOf,
  takeSlices,
  tokensOfResults,
} from '../../../src/core/merge/group-results.ts'
import { mergeFindings } from '../../../src/core/merge/merge-findings.ts'
import { settleSynthesis } from '../../../src/core/merge/settle-synthesis.ts'
import type { SynthesisDraft, TaskResult } from '../../../src/core/ports/models.ts'
import { aResult } from './results.ts'

function settle(draft: SynthesisDraft, results: TaskResult[]) {
  return settleSynthesis({
    draft,
    input: { results },
    executor: 'merge',
    version: 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    preliminary: false,
  })
}

describe('results in parts that fit', () => {
  test('are about equally full, in plan order, and complete', () => {
    const results = Array.from({ length: 100 }, (_, index) =>
      aResult(`t${index}`, [], { text: 'x'.repeat(4_000) }),
    )
    const groups = groupResults(results, { tokens: 20_000, findings: 200 })
    expect(groups.flat().map(({ taskId }) => taskId)).toEqual(results.map(({ taskId }) => taskId))
    for (const group of groups) expect(tokensOfResults(group)).toBeLessThanOrEqual(20_000)
    const sizes = groups.map((group) => group.length)
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(3)
    expect(groups.length).toBeLessThanOrEqual(7)
  })

  test('have texts cut that are too long, after the findings in them were read', () => {
    const text = `${'filler '.repeat(20_000)}\n- **High**: SQL injection (a.ts:3)`
    const [[only] = []] = groupResults([aResult('a', [], { text })], {
      tokens: 5_000,
      findings: 200,
    })
    expect(only?.findings).toMatchObject([{ title: 'SQL injection' }])
    expect(only?.text).toMatch(/\[cut: \d+ more characters\]$/)
    expect(tokensOfResults(only ? [only] : [])).toBeLessThanOrEqual(5_000)
  })

  test('hold no more findings than one answer can account for; a task with more is in several', () => {
    const findings = Array.from({ length: 25 }, (_, index) => ({ title: `Finding ${index}` }))
    const results = [
      aResult('a', findings, { text: 'Report.' }),
      aResult('b', findings.slice(0, 3)),
    ]
    const limits = { tokens: 20_000, findings: 10 }
    const groups = groupResults(results, limits)
    for (const group of groups) {
      const count = group.reduce((sum, result) => sum + result.findings.length, 0)
      expect(count).toBeLessThanOrEqual(10)
    }
    const refs = groups.flatMap((group) =>
      group.flatMap((result) => result.findings.map((_, index) => refOf(result, index))),
    )
    expect(refs).toEqual([
      ...findings.map((_, index) => `a/${index + 1}`),
      ...['b/1', 'b/2', 'b/3'],
    ])
    expect(groups.flat().filter(({ text }) => text === 'Report.')).toHaveLength(1)
    const taken = groups.map((group) =>
      takeSlices(
        group.map(({ taskId }) => (taskId === 'a' ? results[0] : results[1]) ?? aResult('')),
        slicesOf(group),
        limits,
      ),
    )
    expect(taken).toEqual(groups)
  })

  test('are none of nothing', () => {
    expect(groupResults([], { tokens: 1_000, findings: 10 })).toEqual([])
  })
})

describe('drafts of parts', () => {
  const results = [
    aResult('a', [
      {
        title: 'SQL injection in login',
        severity: 'high',
        confidence: 0.9,
        file: 'a.ts',
        line: 3,
        recommendation: 'Use parameterised queries',
      },
    ]),
    aResult('b', [
      { title: 'User data', severity: 'high', recommendation: 'Do not cache user records' },
    ]),
    aResult('c', [
      {
        title: 'SQL injection in login',
        severity: 'critical',
        confidence: 0.4,
        file: 'a.ts',
        line: 3,
        recommendation: 'Use parameterised queries',
      },
    ]),
    aResult('d', [{ title: 'Slow lookup', severity: 'low', recommendation: 'Cache user records' }]),
  ]
  const drafts = [mergeFindings(results.slice(0, 2)), mergeFindings(results.slice(2))]
  const combined = combineDrafts(drafts, results)

  test('have duplicates merged across parts, with the rating of one of them', () => {
    expect(combined.findings[0]).toMatchObject({
      severity: 'critical',
      confidence: 0.4,
      from: ['c/1', 'a/1'],
    })
    expect(combined.findings).toHaveLength(3)
  })

  test('have contradictions across parts found, and shared actions made one', () => {
    expect(combined.conflicts).toMatchObject([{ between: ['b', 'd'] }])
    const queries = combined.actions.filter(({ action }) => action.startsWith('Use parameterised'))
    expect(queries).toHaveLength(1)
    expect(combined.summary).toContain('3 findings from 4 tasks')
  })

  test('keep apart what a part kept apart', () => {
    const part: SynthesisDraft = {
      ...combined,
      findings: ['x/1', 'y/1'].map((ref) => ({
        title: 'The same words',
        severity: 'low',
        confidence: 0.5,
        detail: ref,
        from: [ref],
      })),
      conflicts: [],
      actions: [],
    }
    const other = { ...part, findings: [] }
    expect(combineDrafts([part, other], []).findings).toHaveLength(2)
  })
})

test('whatever the parts, no finding is lost on any level', () => {
  const finding = fc.record({
    title: fc.constantFrom(
      'SQL injection in login',
      'Missing tests',
      'Slow loop',
      'Add cache',
      'Remove cache',
    ),
    severity: fc.constantFrom('critical' as const, 'low' as const),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(
      fc.array(fc.array(finding, { maxLength: 4 }), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 60, max: 400 }),
      (lists, budget) => {
        const results = lists.map((findings, index) => aResult(`t${index}`, findings))
        const drafts = groupResults(results, { tokens: budget, findings: 3 }).map((group) =>
          mergeFindings(group),
        )
        const half = Math.ceil(drafts.length / 2)
        const levels = [drafts.slice(0, half), drafts.slice(half)]
          .filter((some) => some.length > 0)
          .map((some) => combineDrafts(some, results))
        const synthesis = settle(combineDrafts(levels, results), results)
        expect(synthesis.notes).toEqual([])
        expect(synthesis.ledger).toHaveLength(lists.flat().length)
      },
    ),
    { numRuns: 200 },
  )
})

test('a thousand tasks of twenty findings go through two levels with an exact ledger', () => {
  const results = Array.from({ length: 1_000 }, (_, task) =>
    aResult(
      `task-${task}`,
      Array.from({ length: 20 }, (_, index) => ({
        title: `Field ${index} is written without a check`,
        file: `src/${(task % 100) + (index % 2) * 100}.ts`,
        line: index + 1,
        detail: `Seen by task ${task} while it looked at the module, in line ${index + 1}.`,
      })),
    ),
  )
  const groups = groupResults(results, { tokens: 60_000, findings: 200 })
  expect(groups.length).toBeGreaterThan(5)
  const synthesis = settle(
    combineDrafts(
      groups.map((group) => mergeFindings(group)),
      results,
    ),
    results,
  )
  expect(synthesis.ledger).toHaveLength(20_000)
  expect(synthesis.findings).toHaveLength(2_000)
  expect(synthesis.notes).toEqual([])
})
