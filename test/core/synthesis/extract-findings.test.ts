import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Finding } from '../../../src/core/findings.ts'
import { extractFindings } from '../../../src/core/synthesis/extract-findings.ts'

describe('findings in JSON', () => {
  test('are read from a fenced block with a list of findings', () => {
    const text = `Here is what I found.

\`\`\`json
{"findings": [
  {"title": "SQL injection", "severity": "HIGH", "confidence": "80%", "file": "./src/a.ts:12", "fix": "Bind values"},
  {"summary": "Slow loop", "file": "src/b.ts", "line": "7", "failure_scenario": "Large lists", "confidence": 0.3},
  {"note": "no finding"}
]}
\`\`\`
- **High**: not read again`
    expect(extractFindings(text)).toEqual([
      {
        title: 'SQL injection',
        severity: 'high',
        confidence: 0.8,
        file: 'src/a.ts',
        line: 12,
        recommendation: 'Bind values',
      },
      {
        title: 'Slow loop',
        severity: 'medium',
        confidence: 0.3,
        file: 'src/b.ts',
        line: 7,
        detail: 'Large lists',
      },
    ])
  })

  test('are read when the whole text is JSON, and broken JSON holds none', () => {
    const list = '[{"message":"Weak hash","level":"critical"}]'
    expect(extractFindings(list)).toMatchObject([{ title: 'Weak hash', severity: 'critical' }])
    expect(extractFindings(list.slice(0, -1))).toEqual([])
    expect(extractFindings('{"results":[1,2,{"name":"x"}]}')).toEqual([])
  })
})

describe('findings in Markdown', () => {
  test.each([
    [
      '- **High**: SQL injection in login (src/a.ts:12)',
      'high',
      'SQL injection in login',
      'src/a.ts',
      12,
    ],
    [
      '* [CRITICAL] Secret in config.yaml',
      'critical',
      'Secret in config.yaml',
      'config.yaml',
      undefined,
    ],
    [
      '1. Medium - Slow query in `src/db.ts`, line 40',
      'medium',
      'Slow query in src/db.ts, line 40',
      'src/db.ts',
      40,
    ],
    ['- **Low:** Typo', 'low', 'Typo', undefined, undefined],
    ['- **[High] Open redirect** – src/x.ts:3', 'high', 'Open redirect', 'src/x.ts', 3],
    ['### Critical: Tokens never expire', 'critical', 'Tokens never expire', undefined, undefined],
    [
      '- 🔴 **Critical** — Tokens never expire',
      'critical',
      'Tokens never expire',
      undefined,
      undefined,
    ],
    ['- 🟡 Slow loop', 'medium', 'Slow loop', undefined, undefined],
    ['- (high) Missing check', 'high', 'Missing check', undefined, undefined],
    ['- High severity: Missing check', 'high', 'Missing check', undefined, undefined],
  ])('%s', (text, severity, title, file, line) => {
    expect(extractFindings(text)).toMatchObject([
      { severity, title, ...(file && { file }), ...(line && { line }) },
    ])
  })

  test('take what stands below them', () => {
    const text = `## Review

- **High**: Password in plain text
  It is written to the log.
  - File: src/log.ts:9
  - Recommendation: Log the user id
  - Confidence: 90%
- Low: Typo

That is all.`
    expect(extractFindings(text)).toEqual([
      {
        title: 'Password in plain text',
        severity: 'high',
        confidence: 0.9,
        file: 'src/log.ts',
        line: 9,
        recommendation: 'Log the user id',
        detail: 'It is written to the log.',
      },
      { title: 'Typo', severity: 'low', confidence: 0.5 },
    ])
  })

  test('take their severity from the heading above', () => {
    const text =
      '## High severity\n- SQL injection (a.ts:1)\n- Open redirect\n## Summary\n- All in all fine'
    expect(extractFindings(text).map(({ title, severity }) => [title, severity])).toEqual([
      ['SQL injection', 'high'],
      ['Open redirect', 'high'],
    ])
  })

  test('are read from a table with a column for the severity', () => {
    const text = `| Severity | File | Finding | Fix |
| --- | --- | --- | --- |
| High | src/a.ts:3 | Open redirect | Check the host |
| fine | - | nothing | - |`
    expect(extractFindings(text)).toEqual([
      {
        title: 'Open redirect',
        severity: 'high',
        confidence: 0.5,
        file: 'src/a.ts',
        line: 3,
        recommendation: 'Check the host',
      },
    ])
  })
})

test.each([
  'High availability matters here.',
  '- High availability is a goal\n- Low latency as well',
  'You are a security specialist for this specific task.\n\nFocus areas:\n- injection\n- high load',
  '```\n- **High**: in code\n```',
  '',
])('a text without findings holds none: %j', (text) => {
  expect(extractFindings(text)).toEqual([])
})

test('whatever the text, every finding is valid', () => {
  const piece = fc.constantFrom(
    '- ',
    '**High**',
    ': ',
    '# ',
    'critical',
    '[low]',
    '| ',
    'severity',
    '\n',
    '  ',
    'src/a.ts:0',
    'line 3',
    '```',
    '{',
    '"findings":[',
    '}',
    ']',
    'Fix: x',
    '`',
  )
  fc.assert(
    fc.property(
      fc.array(fc.oneof(piece, fc.string({ maxLength: 5 })), { maxLength: 40 }),
      (pieces) => {
        for (const finding of extractFindings(pieces.join(''))) {
          expect(Finding.safeParse(finding).success).toBe(true)
        }
      },
    ),
    { numRuns: 500 },
  )
})
