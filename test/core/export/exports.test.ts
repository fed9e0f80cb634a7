import { describe, expect, test } from 'vitest'
import type { Synthesis } from '../../../src/core/contract/synthesis.ts'
import { NO_USAGE } from '../../../src/core/contract/usage.ts'
import { synthesisMarkdown } from '../../../src/core/export/export-markdown.ts'
import { synthesisSarif } from '../../../src/core/export/export-sarif.ts'

const synthesis: Synthesis = {
  version: 2,
  status: 'succeeded',
  executor: 'model',
  model: 'test:m',
  createdAt: '2026-01-01T00:00:00.000Z',
  preliminary: false,
  summary: 'Fix the query.\n\n## Risks\n\n```md\n## not a heading\n```',
  findings: [
    {
      id: 'f-1',
      title: 'SQL injection',
      severity: 'critical',
      confidence: 0.9,
      category: 'Security',
      file: 'src/my file.ts',
      line: 12,
      detail: 'The name is concatenated.',
      recommendation: 'Bind it.',
      sources: ['security', 'testing'],
    },
    {
      id: 'f-2',
      title: 'No tests',
      severity: 'low',
      confidence: 0.5,
      detail: 'No tests',
      sources: ['testing'],
    },
  ],
  conflicts: [
    {
      between: ['security', 'performance'],
      about: 'caching',
      sides: [
        { taskId: 'security', recommendation: 'Do not cache', evidence: 'It leaks.' },
        { taskId: 'performance', recommendation: 'Cache', evidence: 'It is slow.' },
      ],
      resolution: 'Follow security.',
      rule: 'higher severity wins',
    },
  ],
  actions: [{ rank: 1, action: 'Bind it', why: 'critical', findings: ['f-1'] }],
  ledger: [
    { finding: 'security/1', fate: 'kept', into: 'f-1' },
    { finding: 'testing/1', fate: 'merged', into: 'f-1' },
    { finding: 'testing/2', fate: 'dropped', reason: 'a matter of taste' },
  ],
  coverage: {
    succeeded: ['security', 'testing'],
    missing: [{ taskId: 'performance', status: 'failed', error: 'Too slow.' }],
  },
  notes: ['The first try failed.'],
  usage: { ...NO_USAGE, costUsd: 0.0123 },
}

test('as Markdown, a synthesis is one document with everything it rests on', () => {
  expect(synthesisMarkdown(synthesis, 'Review\nof auth')).toMatchInlineSnapshot(`
    "# Review of auth

    Version 2, written by test:m at 2026-01-01T00:00:00.000Z, 0.0123 US dollars.

    ## Summary

    Fix the query.

    ### Risks

    \`\`\`md
    ## not a heading
    \`\`\`

    ## Findings

    ### Critical

    #### f-1: SQL injection

    \`src/my file.ts:12\` · Security · 90% sure · found by security, testing

    The name is concatenated.

    **Recommendation:** Bind it.

    ### Low

    #### f-2: No tests

    50% sure · found by testing

    No tests

    ## Contradictions

    ### caching

    - **security**: Do not cache
      - It leaks.
    - **performance**: Cache
      - It is slow.

    Follow security. (higher severity wins)

    ## Actions

    1. Bind it (f-1)
       critical

    ## Coverage

    Succeeded: security, testing.

    Missing:

    - performance: failed, Too slow.

    ## Ledger

    The tasks reported 3 findings: 1 kept, 1 merged, 1 dropped.

    - testing/2: a matter of taste

    ## Notes

    - The first try failed.
    "
  `)
})

describe('as SARIF', () => {
  const { runs, version } = synthesisSarif(synthesis)
  const [{ results, tool }] = runs

  test('findings have a rule, a level, a place and a fingerprint', () => {
    expect(version).toBe('2.1.0')
    expect(tool.driver.rules.map(({ id }) => id)).toEqual(['security', 'finding'])
    expect(results[0]).toEqual({
      ruleId: 'security',
      ruleIndex: 0,
      level: 'error',
      rank: 98,
      message: {
        text: 'SQL injection\n\nThe name is concatenated.\n\nRecommendation: Bind it.',
        markdown: '**SQL injection**\n\nThe name is concatenated.\n\nRecommendation: Bind it.',
      },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'src/my%20file.ts', uriBaseId: 'SRCROOT' },
            region: { startLine: 12 },
          },
        },
      ],
      partialFingerprints: { 'findingKey/v1': 'security|src/my file.ts|sql injection' },
      properties: {
        id: 'f-1',
        severity: 'critical',
        confidence: 0.9,
        sources: ['security', 'testing'],
        'security-severity': '9.5',
      },
    })
  })

  test('a finding without a file has no location, and ranks are within their bounds', () => {
    expect(results[1]).toMatchObject({ level: 'note', locations: [], ruleIndex: 1, rank: 30 })
    const sure = {
      ...synthesis,
      findings: synthesis.findings.map((each) => ({ ...each, confidence: 1 })),
    }
    for (const { rank } of synthesisSarif(sure).runs[0].results) {
      expect(rank >= 0 && rank <= 100).toBe(true)
    }
  })
})

test('an empty synthesis can be exported too', () => {
  const empty: Synthesis = {
    ...synthesis,
    findings: [],
    conflicts: [],
    actions: [],
    ledger: [],
    notes: [],
    coverage: { succeeded: [], missing: [] },
  }
  expect(synthesisSarif(empty).runs[0].results).toEqual([])
  expect(synthesisMarkdown(empty, 'x')).toContain('Nothing is missing.')
})
