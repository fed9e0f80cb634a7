import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Finding } from '../../../src/core/contract/findings.ts'
import { extractFindings, withFindings } from '../../../src/core/findings/extract-findings.ts'
import { aResult } from '../merge/results.ts'

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

  test.each(['```', '~~~~'])('are read after blocks of other languages (%s)', (fence) => {
    const finding = { title: 'Weak hash', severity: 'high', evidence: '```js\nmd5(x)\n```' }
    const text = [
      `${fence}ts\nconst entry = find(token)\n${fence}`,
      `In short:\n\n${fence}\nplain\n${fence}\n\nThat is all.`,
      `${fence}json title="findings"\r\n${JSON.stringify([finding], null, 2)}\r\n${fence}`,
    ].join('\n\n')
    expect(extractFindings(text)).toMatchObject([{ title: 'Weak hash', severity: 'high' }])
  })

  test.each([
    ['{"title":"a","severity":9.8}', 'critical'],
    ['{"title":"a","cvss":7.5}', 'high'],
    ['{"title":"a","cvssScore":"4.3 (Medium)"}', 'medium'],
    ['{"title":"a","severity":"CVSS:3.1 6.5"}', 'medium'],
    ['{"title":"a","severity":"High (needs an account)"}', 'high'],
  ])('say how severe they are in words or by CVSS: %s', (json, severity) => {
    expect(extractFindings(`[${json}]`)).toMatchObject([{ severity }])
  })

  test('are read when the whole text is JSON, and broken JSON holds none', () => {
    const list = '[{"message":"Weak hash","level":"critical"}]'
    expect(extractFindings(list)).toMatchObject([{ title: 'Weak hash', severity: 'critical' }])
    expect(extractFindings(list.slice(0, -1))).toEqual([])
    expect(extractFindings('{"results":[1,2,{"name":"x"}]}')).toEqual([])
  })
})

test('findings of several blocks of JSON are all read, and a repeated one once', () => {
  const one = '{"title":"Weak hash","severity":"high"}'
  const other = '{"title":"No tests","severity":"low"}'
  const block = (json: string) => `\`\`\`json\n${json}\n\`\`\`\n`
  const text = `${block(`[${one}]`)}Then:\n${block(other)}In short:\n${block(`[${one},${other}]`)}`
  expect(extractFindings(text).map(({ title }) => title)).toEqual(['Weak hash', 'No tests'])
  expect(extractFindings(block('{"name":"a setting","file":"a.json"}'))).toEqual([])
})

describe('findings in other languages', () => {
  test.each([
    ['- **Hoch**: SQL-Injection (a.ts:1)\n  Empfehlung: Werte binden', 'high', 'Werte binden'],
    [
      '- **Élevée** : injection SQL (a.ts:1)\n  Recommandation : lier les valeurs',
      'high',
      'lier les valeurs',
    ],
    [
      '1. [Crítico] Inyección SQL (a.ts:1)\n   Recomendación: usar parámetros',
      'critical',
      'usar parámetros',
    ],
    ['- 【中】SQL注入 (a.ts:1)\n  建议：绑定参数', 'medium', '绑定参数'],
    ['- **低**：SQLインジェクション (a.ts:1)\n  推奨: 値をバインドする', 'low', '値をバインドする'],
    ['- Высокий: SQL-инъекция (a.ts:1)\n  Рекомендация: параметры', 'high', 'параметры'],
    [
      '| Schweregrad | Befund | Datei | Empfehlung |\n|---|---|---|---|\n| Mittel | Injektion | a.ts:1 | Binden |',
      'medium',
      'Binden',
    ],
  ])('%s', (text, severity, recommendation) => {
    expect(extractFindings(text)).toMatchObject([
      { severity, recommendation, file: 'a.ts', line: 1 },
    ])
  })
})

describe('findings in Markdown', () => {
  test('take the advice at the end of their own line', () => {
    const [finding] = extractFindings(
      '1. [P1] Lines get lost (src/log.ts:2). Fix: log synchronously',
    )
    expect(finding).toEqual({
      title: 'Lines get lost',
      severity: 'high',
      confidence: 0.5,
      file: 'src/log.ts',
      line: 2,
      recommendation: 'log synchronously',
    })
  })

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

  test('take the text below them', () => {
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

test('a text is searched once, however often its result is asked for findings', () => {
  const results = [
    aResult('plain', [], { text: 'Nothing to report.' }),
    aResult('review', [], { text: '- **High**: SQL injection' }),
  ]
  const searched = withFindings(results)
  expect(searched.map(({ findings }) => findings.length)).toEqual([0, 1])
  const again = withFindings(searched)
  expect(again[0]).toBe(searched[0])
  expect(again[1]).toBe(searched[1])
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
