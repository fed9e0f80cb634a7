import { describe, expect, test } from 'vitest'
import { mergeFindings } from '../../../src/core/merge/merge-findings.ts'
import { aResult } from './results.ts'

const review = [
  aResult('security', [
    {
      title: 'SQL injection in login',
      severity: 'critical',
      confidence: 0.6,
      category: 'security',
      file: 'src/auth.ts',
      line: 12,
      detail: 'The user name is concatenated into the query.',
      evidence: '`... WHERE name = " + name`',
      recommendation: 'Use parameterised queries.',
    },
    {
      title: 'SQL injection in search',
      severity: 'high',
      category: 'security',
      file: 'src/search.ts',
      line: 3,
      recommendation: 'Use parameterised queries',
    },
    {
      title: 'User data in cache',
      severity: 'high',
      file: 'src/user.ts',
      line: 5,
      recommendation: 'Do not cache user records.',
    },
  ]),
  aResult('performance', [
    {
      title: 'User looked up on every request',
      severity: 'medium',
      file: 'src/user.ts',
      line: 8,
      recommendation: 'Cache user records.',
    },
    { title: 'Missing index', severity: 'low', file: 'src/db.ts' },
  ]),
  aResult('testing', [
    {
      title: 'Login query open to SQL injection',
      severity: 'high',
      confidence: 0.95,
      file: './src/auth.ts',
      line: 13,
    },
  ]),
  aResult('docs', [], {
    status: 'failed',
    error: { code: 'timeout', message: 'The task took longer than 600 s.' },
  }),
  aResult('style', [], { text: '# Style\n\nNothing to complain about. All files are formatted.' }),
]

describe('the deterministic merge', () => {
  const draft = mergeFindings(review)

  test('merges what tasks found twice, with the severity and confidence of one of them', () => {
    expect(draft.findings[0]).toMatchObject({
      title: 'SQL injection in login',
      severity: 'critical',
      confidence: 0.6,
      category: 'security',
      file: 'src/auth.ts',
      line: 12,
      recommendation: 'Use parameterised queries.',
      from: ['security/1', 'testing/1'],
    })
    expect(draft.findings[0]?.detail).toBe(
      'The user name is concatenated into the query.\nEvidence: `... WHERE name = " + name`\nAlso found by testing: Login query open to SQL injection',
    )
  })

  test('ranks by severity and agreement, and loses nothing', () => {
    expect(draft.findings.map(({ severity }) => severity)).toEqual([
      'critical',
      'high',
      'high',
      'medium',
      'low',
    ])
    expect(draft.findings.flatMap(({ from }) => from).sort()).toEqual([
      'performance/1',
      'performance/2',
      'security/1',
      'security/2',
      'security/3',
      'testing/1',
    ])
  })

  test('finds the contradiction, and lists only the side that wins as an action', () => {
    expect(draft.conflicts).toMatchObject([
      {
        between: ['security', 'performance'],
        resolution: 'Follow security: Do not cache user records.',
        rule: 'higher severity wins (high against medium)',
      },
    ])
    expect(draft.actions.map(({ action }) => action)).toEqual([
      'Use parameterised queries (src/auth.ts:12, src/search.ts:3).',
      'Do not cache user records (src/user.ts:5).',
      'Fix: Missing index (src/db.ts).',
    ])
  })

  test('groups findings that one change solves', () => {
    expect(draft.actions[0]).toEqual({
      action: 'Use parameterised queries (src/auth.ts:12, src/search.ts:3).',
      why: 'critical: SQL injection in login; found by security, testing; solves 2 findings',
      findings: [0, 1],
    })
  })

  test('writes a summary that can be read on its own', () => {
    expect(draft.summary).toMatchInlineSnapshot(`
      "**5 findings from 3 tasks: 1 critical, 2 high, 1 medium, 1 low.** 1 of them was found by more than one task. The tasks reported 6; duplicates are merged. 1 contradiction between recommendations is listed below. 1 of 5 tasks did not succeed, so this is not the whole picture.

      ## Top risks

      1. **Critical: SQL injection in login** in \`src/auth.ts:12\` (security, testing; 60% sure)
         The user name is concatenated into the query.
      2. **High: SQL injection in search** in \`src/search.ts:3\` (security)
      3. **High: User data in cache** in \`src/user.ts:5\` (security)
      4. **Medium: User looked up on every request** in \`src/user.ts:8\` (performance)
      5. **Low: Missing index** in \`src/db.ts\` (performance)

      ## Contradictions

      - **cache user records (src/user.ts:5)**
        - security: Do not cache user records.
        - performance: Cache user records.
        - Follow security: Do not cache user records.
        - Rule: higher severity wins (high against medium)

      ## What to do first

      1. Use parameterised queries (src/auth.ts:12, src/search.ts:3).
         For 1 and 2 above.
      2. Do not cache user records (src/user.ts:5).
         For 3 above.
      3. Fix: Missing index (src/db.ts).
         For 5 above.

      ## Tasks without findings

      - **style review** (style): Style: Nothing to complain about. All files are formatted.

      ## Coverage

      4 of 5 tasks succeeded. Missing:

      - docs (docs review): failed: The task took longer than 600 s."
    `)
  })
})

test('a contradiction that nothing decides becomes a decision to make', () => {
  const { actions, findings } = mergeFindings([
    aResult('a', [{ title: 'Strict mode', recommendation: 'Enable strict mode' }]),
    aResult('b', [{ title: 'Compiler noise', recommendation: 'Disable strict mode' }]),
  ])
  expect(actions).toEqual([
    {
      action: 'Decide: strict mode.',
      why: 'a, b make recommendations that cannot both be followed, and nothing decides between them',
      findings: [0, 1],
    },
  ])
  expect(findings).toHaveLength(2)
})

test('a merged finding has the most common severity, and names the highest', () => {
  const rated = (task: string, severity: 'critical' | 'medium') =>
    aResult(task, [{ title: 'Sessions never expire', severity, file: 'src/session.ts', line: 4 }])
  const { findings } = mergeFindings([
    rated('a', 'critical'),
    rated('b', 'medium'),
    rated('c', 'medium'),
  ])
  expect(findings).toMatchObject([{ severity: 'medium', from: ['b/1', 'c/1', 'a/1'] }])
  expect(findings[0]?.detail).toContain('Rated medium by 2 of 3; the highest rating is critical.')
})

test('duplicates that recommend opposites are one finding and one conflict', () => {
  const { findings, conflicts } = mergeFindings([
    aResult('a', [
      {
        title: 'Session timeout is wrong',
        severity: 'high',
        file: 'a.ts',
        line: 1,
        recommendation: 'Increase the session timeout',
      },
    ]),
    aResult('b', [
      {
        title: 'Session timeout is wrong',
        severity: 'low',
        file: 'a.ts',
        line: 1,
        recommendation: 'Shorten the session timeout',
      },
    ]),
  ])
  expect(findings).toHaveLength(1)
  expect(findings[0]?.detail).toContain('b recommends: Shorten the session timeout')
  expect(conflicts).toMatchObject([{ between: ['a', 'b'] }])
})

test('findings in the text of a task are merged like any others', () => {
  const { findings } = mergeFindings([
    aResult('a', [], { text: '- **High**: SQL injection in login (src/a.ts:3)' }),
    aResult('b', [
      { title: 'SQL injection in login', file: 'src/a.ts', line: 3, severity: 'high' },
    ]),
  ])
  expect(findings).toMatchObject([{ severity: 'high', from: ['a/1', 'b/1'] }])
})

test('a plan that is not a review gets a digest of every task', () => {
  const { summary, findings } = mergeFindings([
    aResult('api', [], {
      text: '# Endpoints\n\nThree routes were added. They answer JSON.\n\n```ts\ncode()\n```',
    }),
    aResult('data', [], { text: '{"rows": 3}' }),
    aResult('none', [], { status: 'cancelled' }),
  ])
  expect(findings).toEqual([])
  expect(
    summary,
  ).toBe(`**2 of 3 tasks succeeded.** No task reported a finding. 1 of 3 tasks did not succeed, so this is not the whole picture.

## What the tasks produced

- **api review** (api): Endpoints: Three routes were added. They answer JSON.
- **data review** (data): \`{"rows": 3}\`

## Coverage

2 of 3 tasks succeeded. Missing:

- none (none review): cancelled`)
})

test('a plan without results has a summary too', () => {
  expect(mergeFindings([]).summary).toContain('0 of 0 tasks succeeded')
})

test('the same results give the same draft', () => {
  expect(mergeFindings(structuredClone(review))).toEqual(mergeFindings(review))
})
