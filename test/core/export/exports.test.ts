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
  const [{ results, tool, invocations }] = runs

  test('findings have a rule, a level, a place and a fingerprint', () => {
    expect(version).toBe('2.1.0')
    expect(tool.driver.rules).toEqual([
      {
        id: 'security/critical',
        shortDescription: { text: 'Security, critical' },
        fullDescription: { text: expect.stringContaining('critical severity') },
        help: { text: expect.any(String) },
        defaultConfiguration: { level: 'error' },
        properties: { tags: ['security'], 'security-severity': '9.5' },
      },
    ])
    expect(results).toEqual([
      {
        ruleId: 'security/critical',
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
        partialFingerprints: {
          'findingKey/v2': expect.stringMatching(/^[0-9a-f]{16}:1$/),
          primaryLocationLineHash: expect.stringMatching(/^[0-9a-f]{16}:1$/),
        },
        properties: {
          id: 'f-1',
          severity: 'critical',
          confidence: 0.9,
          sources: ['security', 'testing'],
          'security-severity': '9.5',
        },
      },
    ])
  })

  test('a finding without a file is a notification, because code scanning has no place for it', () => {
    expect(invocations[0].toolExecutionNotifications).toMatchObject([
      { level: 'note', message: { text: expect.stringContaining('No tests') } },
    ])
  })

  const [first] = synthesis.findings
  if (first === undefined) throw new Error('there is a finding')
  const exported = (findings: Partial<typeof first>[]) =>
    synthesisSarif({
      ...synthesis,
      findings: findings.map((each, index) => ({ ...first, id: `f-${index + 1}`, ...each })),
    }).runs[0]
  const printsOf = (findings: Partial<typeof first>[]) =>
    exported(findings).results.map((each) => each.partialFingerprints.primaryLocationLineHash)

  test('refuted findings are no results', () => {
    const refuted = { verification: { status: 'refuted' as const, checks: [] } }
    const run = exported([{}, refuted])
    expect(run.results).toHaveLength(1)
    expect(run.invocations[0].toolExecutionNotifications).toMatchObject([
      { message: { text: expect.stringContaining('refuted: 1') } },
    ])
  })

  test('ranks are within their bounds', () => {
    const severities = ['critical', 'high', 'medium', 'low', 'info'] as const
    const run = exported(severities.map((severity) => ({ severity, confidence: 1 })))
    expect(run.results.map(({ rank }) => rank)).toEqual([100, 80, 60, 40, 20])
    expect(run.tool.driver.rules).toHaveLength(5)
  })

  test('fingerprints stay the same when lines move and titles are reworded', () => {
    const detail = 'The parameter of `findUser` is put into the query; findUser is open.'
    const other = { line: 40, title: 'Weak hash', detail: 'hash_password uses MD5.' }
    const before = printsOf([{ detail }, other])
    const after = printsOf([
      { ...other, line: 90, title: 'MD5 is used for passwords' },
      { detail, line: 61, title: 'The query is built of text' },
    ])
    expect(new Set(before).size).toBe(2)
    expect(after).toEqual(before.toReversed())
  })

  test('fingerprints differ for two findings in one file that name nothing', () => {
    const [one, two] = printsOf([
      { line: 3, title: 'No tests', detail: 'It has none.' },
      { line: 9, title: 'No types', detail: 'It has none at all.' },
    ])
    expect(one).not.toBe(two)
  })

  test('a run is no larger than GitHub accepts, and says what was left out', () => {
    const detail = 'Über alles hinaus. '.repeat(400)
    const run = exported(Array.from({ length: 30_000 }, (_, line) => ({ line: line + 1, detail })))
    const { length } = run.results
    expect(length).toBeGreaterThan(5_000)
    expect(length).toBeLessThanOrEqual(25_000)
    expect(Buffer.byteLength(JSON.stringify(run))).toBeLessThan(10_000_000)
    expect(run.results[0]?.message.text.length).toBeGreaterThan(5_000)
    expect(run.invocations[0].toolExecutionNotifications).toMatchObject([
      { level: 'warning', message: { text: expect.stringContaining(`${30_000 - length} more`) } },
    ])
  })

  test('findings that all fit are written in full', () => {
    const detail = 'x'.repeat(3_000)
    const run = exported(Array.from({ length: 1_200 }, (_, line) => ({ line: line + 1, detail })))
    expect(run.results.every(({ message }) => message.text.length > 3_000)).toBe(true)
    expect(run.invocations[0].toolExecutionNotifications).toEqual([])
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
