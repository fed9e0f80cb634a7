import { describe, expect, test } from 'vitest'
import { findingsInMarkdown } from '../../../src/core/findings/findings-in-markdown.ts'

/** `high: Title @ src/a.ts:12`, one a finding. */
function read(text: string): string[] {
  return findingsInMarkdown(text).map(({ severity, title, file, line }) => {
    const place = file === undefined ? '' : ` @ ${file}${line === undefined ? '' : `:${line}`}`
    return `${severity}: ${title}${place}`
  })
}

describe('a heading is a finding', () => {
  test.each([
    ['### [H-01] Shares can be inflated\nText.', 'high: Shares can be inflated'],
    ['# Issue M-3: Shares can be inflated\nText.', 'medium: Shares can be inflated'],
    ['### TRST-H-1 Shares can be inflated\nText.', 'high: Shares can be inflated'],
    ['### 3S-LEN-C01 Shares can be inflated\nText.', 'critical: Shares can be inflated'],
    ['#### 1. [HIGH] Shares can be inflated\nText.', 'high: Shares can be inflated'],
    ['## **[L-2]** Shares can be inflated\nText.', 'low: Shares can be inflated'],
    ['### P2: Slow query\nText.', 'medium: Slow query'],
    ['### 🔴 Slow query\nText.', 'critical: Slow query'],
    ['### 2.3 Slow query (Medium)\nText.', 'medium: Slow query'],
    ['### Slow query — Low severity\nText.', 'low: Slow query'],
    ['### Slow query (CVSS 9.8)\nText.', 'critical: Slow query'],
    ['### [G-01] Use custom errors\nText.', 'info: Use custom errors'],
    ['Slow query (High)\n=================\nText.', 'high: Slow query'],
    [
      '## 1. Slow query\n- **Severity**: High\n- **File**: src/a.ts:593',
      'high: Slow query @ src/a.ts:593',
    ],
    ['### SEC-08 — Slow query\n**Severity:** Low\n\nText.', 'low: Slow query'],
    [
      '### Slow query\n| Field | Value |\n|---|---|\n| Severity | High |\n| Location | a.py:3 |',
      'high: Slow query @ a.py:3',
    ],
    [
      '### Slow query\n\n#### Severity\n\nMedium Risk\n\n#### Description\n\nText.',
      'medium: Slow query',
    ],
    ['### Slow query\n**CVSS 3.1 score:** 7.5\n\nText.', 'high: Slow query'],
    ['### Finding 1\n- **Title**: Slow query\n- **Severity**: High', 'high: Slow query'],
    ['**Finding 1: Slow query**\n- **Severity**: High', 'high: Slow query'],
    ['high\n\n# Slow query\n\n## Summary\nText.', 'high: Slow query'],
    [
      '# Slow query\n\n## Summary\nA.\n\n## Impact\nB.\n\n## Recommendation\nC.',
      'medium: Slow query',
    ],
    [
      '## Critical Issues (Must Fix)\n\n### 1. Slow query\n**Location:** main.py:336-345',
      'critical: Slow query @ main.py:336',
    ],
    ['# Findings\n## High Risk\n### Slow query\n**Description:** Text.', 'high: Slow query'],
    ['# Findings\n## 低风险问题\n### 查询缓慢\n**描述:** 文本。', 'low: 查询缓慢'],
    ['## Hohe Priorität\n### Langsame Abfrage\nText.', 'high: Langsame Abfrage'],
    [
      '### [H-1] Slow query\n[code](https://github.com/a/b/blob/main/src/db/q.ts#L12-L20)',
      'high: Slow query @ src/db/q.ts:12',
    ],
  ])('%j', (text, finding) => {
    expect(read(text)).toEqual([finding])
  })

  test('in a report of several, with their parts as its detail, advice and evidence', () => {
    const text = `# Audit

## Summary
| Severity | Count |
|---|---|
| High | 1 |
| Low | 1 |

| ID | Title | Severity |
|---|---|---|
| H-01 | Slow query | High |
| L-01 | Typo | Low |

## Findings

### [H-01] Slow query
**Description**
It reads every row.
#### Impact
Requests time out.

**Evidence**
\`\`\`ts
const rows = await all()
\`\`\`

**Recommendation:** Add an index.
It must cover both columns.

### [L-01] Typo
In the readme.

## Severity levels
- **Critical**: funds are lost
- **High**: funds are locked

## Conclusion
All in all fine.`
    expect(findingsInMarkdown(text)).toEqual([
      {
        title: 'Slow query',
        severity: 'high',
        confidence: 0.5,
        detail: 'It reads every row.\nRequests time out.',
        evidence: 'const rows = await all()',
        recommendation: 'Add an index.\nIt must cover both columns.',
      },
      { title: 'Typo', severity: 'low', confidence: 0.5, detail: 'In the readme.' },
    ])
  })

  test('wherever several reports follow one another, with parts of any rank', () => {
    const text = `medium

# Slow query

## Summary
A.
## Recommendation
B.

high

# Secret in the log

# Summary
C.

# Recommendation
### Option 1
D.`
    expect(findingsInMarkdown(text)).toMatchObject([
      { title: 'Slow query', severity: 'medium', detail: 'A.', recommendation: 'B.' },
      { title: 'Secret in the log', severity: 'high', detail: 'C.', recommendation: 'D.' },
    ])
  })
})

describe('a list, a line or a row is a finding', () => {
  test.each([
    ['[P1] Slow query — src/a.ts:10-12\nIt reads every row.', ['high: Slow query @ src/a.ts:10']],
    [
      '- [P2] Slow query — src/a.ts:10-12\n  It reads every row.',
      ['medium: Slow query @ src/a.ts:10'],
    ],
    ['P2: Slow query', ['medium: Slow query']],
    [
      '1. **Slow query**\n   - **Severity**: High\n   - **File**: `a.ts`\n   - **Line**: 42',
      ['high: Slow query @ a.ts:42'],
    ],
    ['1. **Slow query** (High)\n   It reads every row.', ['high: Slow query']],
    ['- **Slow query** — Medium — a.ts:3', ['medium: Slow query @ a.ts:3']],
    [
      '### Critical\n- `src/a.ts:12` — slow query — Fix: add an index',
      ['critical: slow query @ src/a.ts:12'],
    ],
    ['### Major (should fix)\n- [src/a.ts:12] Slow query', ['high: Slow query @ src/a.ts:12']],
    [
      '### 🔴 HIGH Priority Issues\n\n- **File**: `a.cs`\n  - **Line**: 42\n  - **Issue**: SQL injection\n  - **Recommendation**: Bind\n\n- **File**: `b.cs`\n  - **Line**: 7\n  - **Issue**: Slow query',
      ['high: SQL injection @ a.cs:42', 'high: Slow query @ b.cs:7'],
    ],
    [
      '**Issue:** Slow query\n**File:** a.ts\n**Line Number:** 4\n**Severity:** High\n\n---\n\n**Issue:** Typo\n**File:** b.ts\n**Severity:** Low',
      ['high: Slow query @ a.ts:4', 'low: Typo @ b.ts'],
    ],
    [
      'Critical issues:\n- Slow query\n- SQL injection\n\nThat is all.',
      ['critical: Slow query', 'critical: SQL injection'],
    ],
    ['- **Critical**\n  - Slow query\n- **Low**\n  - Typo', ['critical: Slow query', 'low: Typo']],
    ['**High**\n\n1. Slow query\n2. SQL injection', ['high: Slow query', 'high: SQL injection']],
    [
      '## High\n\n**Slow query in login** (a.ts:1). It reads all.',
      ['high: Slow query in login @ a.ts:1'],
    ],
    [
      'Sev | Issue | Where\n--- | --- | ---\nHigh | Slow query | a.ts:3',
      ['high: Slow query @ a.ts:3'],
    ],
    [
      '| # | Sev | Finding | File |\n|-|-|-|-|\n| 1 | P1 | Slow query | `a.ts:3` |',
      ['high: Slow query @ a.ts:3'],
    ],
    ['| Sévérité | Problème |\n|---|---|\n| 🟠 Élevée | Requête lente |', ['high: Requête lente']],
    ['- Severity: 9.8 (CVSS)\n  Title: Slow query', ['critical: Slow query']],
  ])('%j', (text, findings) => {
    expect(read(text)).toEqual(findings)
  })
})

describe('what is none', () => {
  test.each([
    '- Critical: none',
    '- **High**: None found.',
    '- **High**: None: every input is checked.',
    '## High\nn/a\n\n## Medium\n- None\n\n## Low\n-',
    '## Critical\n\nNo critical issues were found.\n\n## High\n\n- No high-severity vulnerabilities identified in this module.',
    '## Kritisch\n\nKeine kritischen Probleme gefunden.\n\n## Hoch\n- Keine',
    '## Critique\n- Aucun problème critique trouvé.\n\n## Élevée\n\nNéant',
    '## Crítico\n- Ninguno\n\n## Alto\n- No se encontraron problemas.',
    '## 严重\n- 无\n\n## 高\n未发现问题。',
    '## 重大\n- なし\n\n## 高\n- 該当なし',
    '## Критические\n- Нет\n\n## Высокий\n- Проблем не обнаружено',
    '## High Priority Issues\n\nSee the issues below.',
    '## Critical Issues\n\n## High Priority Issues (0)\n',
    '- **Note:** the cache is warm',
    '**Note:** High load was not tested.',
    '**Important:** run the migrations first.',
    '🔴 **Critical Issues:** 3\n🟠 **High Priority Issues:** 12',
    '| Severity | Count |\n|---|---|\n| Critical | 3 |\n| High | 0 |',
    '| Category | Risk Level | Findings |\n|---|---|---|\n| Auth | High | 3 issues |\n| API | Low | 0 |',
    '| Severity | Description |\n|---|---|\n| High | Funds are lost |\n| Medium | Funds are locked |\n| Low | Annoying |',
    '## Severity Classification\n- **Critical**: funds are lost\n- **High**: funds are locked',
    '> - **High**: an example of somebody else',
    '> ### [H-01] An example\n> Text.',
    '````markdown\n```\n- **High**: in code\n```\n### [H-01] In code\n````',
    '<!--\n- **High**: commented out\n-->',
    '**Overall risk level:** High',
    'Error: Cannot find module "x"\nWarning: deprecated',
    '# Plan\n## Summary\nWe move to Redis.\n## Recommendations\n- Do it soon.',
    '## What works well\n- High test coverage\n## Checklist\n- [x] done',
    'High: 32 °C, low: 12 °C.',
  ])('%j', (text) => {
    expect(read(text)).toEqual([])
  })

  test('what begins like "none" is one all the same', () => {
    expect(
      read(
        '- **High**: No rate limit on login\n- **Low**: No tests\n- **Low**: None of the inputs is checked\n- **Low**: 0 is taken for "not given"\n- **Low**: No error when the problem is in the cache',
      ),
    ).toHaveLength(5)
  })
})

describe('a text of any kind takes little time', () => {
  const pieces = [
    ' ',
    '\t',
    '#',
    '# ',
    '|',
    '| ',
    '- ',
    '* ',
    '*',
    '**',
    '_',
    '`',
    '```\n',
    '```a\n',
    '~~~\n',
    '<',
    '<b ',
    '<!-- ',
    '[',
    '](',
    '(',
    ' (',
    '((',
    '【',
    ':',
    '： ',
    '- **High',
    '**High** ',
    '1. ',
    '1.',
    '\n',
    '\n\n',
    '> ',
    'a.b/',
    '(a/',
    'src/a.ts:1 ',
    'https://a/b/c/blob/',
    'H-',
    'H-1 ',
    '[H-1] ',
    '# High\n',
    'Severity: ',
    'no ',
    'no issues ',
    '0 ',
    '9.',
    '9.8 ',
    '🔴',
    '\uFE0F',
    '— ',
    ' — High',
    '.. ',
    'a. B',
    'No. ',
    '\\',
    '\\|',
    '\r',
    '=\n',
    'a\n=\n',
    '- a: ',
    'Fix: ',
  ]
  test.each(pieces)('%j over and over', (piece) => {
    // With quadratic time this would take minutes, and the test would time out.
    const many = piece.repeat(Math.ceil(30_000 / piece.length))
    expect(findingsInMarkdown(many).length).toBeLessThan(30_000)
    expect(findingsInMarkdown(`- **High**: a${many}b`).length).toBeLessThan(30_000)
    expect(findingsInMarkdown(`### [H-01] a${' '.repeat(2_000)}${many}`).length).toBeLessThan(
      30_000,
    )
  })
})
