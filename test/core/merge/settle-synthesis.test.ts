import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Synthesis } from '../../../src/core/contract/synthesis.ts'
import { NO_USAGE } from '../../../src/core/contract/usage.ts'
import { mergeFindings } from '../../../src/core/merge/merge-findings.ts'
import { importanceIn } from '../../../src/core/merge/rank-findings.ts'
import { settleSynthesis } from '../../../src/core/merge/settle-synthesis.ts'
import type { SynthesisDraft } from '../../../src/core/ports/models.ts'
import { aResult } from './results.ts'

const results = [
  aResult('a', [
    { title: 'One', severity: 'high', confidence: 0.9, file: 'a.ts', line: 1 },
    { title: 'Two', severity: 'low', confidence: 0.2 },
  ]),
  aResult('b', [{ title: 'Three', severity: 'critical', confidence: 0.4, file: 'b.ts' }]),
  aResult('c', [], { status: 'failed', error: { code: 'timeout', message: 'Too slow.' } }),
]

function aDraft(more: Partial<SynthesisDraft>): SynthesisDraft {
  return {
    summary: 'Fine.',
    findings: [],
    dropped: [],
    conflicts: [],
    actions: [],
    usage: NO_USAGE,
    ...more,
  }
}

function settle(draft: SynthesisDraft, executor: 'model' | 'merge' = 'model') {
  return settleSynthesis({
    draft,
    input: { results },
    executor,
    version: 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    preliminary: false,
    notes: ['first note'],
  })
}

const finding = (from: string[], more: Partial<SynthesisDraft['findings'][number]> = {}) => ({
  title: 'Drafted',
  severity: 'high' as const,
  confidence: 0.9,
  detail: 'As drafted.',
  from,
  ...more,
})

describe('the ledger', () => {
  test('of a draft that accounts for everything needs no repair', () => {
    const synthesis = settle(
      aDraft({
        model: 'local:m',
        findings: [
          finding(['a/1', 'a/2']),
          finding(['b/1'], { severity: 'critical', confidence: 0.4 }),
        ],
      }),
    )
    expect(synthesis.findings.map(({ id, severity, sources }) => [id, severity, sources])).toEqual([
      ['f-1', 'critical', ['b']],
      ['f-2', 'high', ['a']],
    ])
    expect(synthesis.ledger).toEqual([
      { finding: 'a/1', fate: 'kept', into: 'f-2' },
      { finding: 'a/2', fate: 'merged', into: 'f-2', reason: 'the same as a/1' },
      { finding: 'b/1', fate: 'kept', into: 'f-1' },
    ])
    expect(synthesis).toMatchObject({
      model: 'local:m',
      executor: 'model',
      coverage: {
        succeeded: ['a', 'b'],
        missing: [{ taskId: 'c', status: 'failed', error: 'Too slow.' }],
      },
      notes: ['first note'],
    })
  })

  test('lists what the draft left out, put back as separate findings', () => {
    const synthesis = settle(
      aDraft({
        findings: [finding(['a/1'])],
        dropped: [
          { finding: 'a/2', reason: 'a matter of taste' },
          { finding: 'b/1', reason: '  ' },
        ],
      }),
    )
    expect(synthesis.ledger).toEqual([
      { finding: 'a/1', fate: 'kept', into: 'f-2' },
      { finding: 'a/2', fate: 'dropped', reason: 'a matter of taste' },
      {
        finding: 'b/1',
        fate: 'kept',
        into: 'f-1',
        reason: 'put back: it was left out without a reason',
      },
    ])
    expect(synthesis.findings[0]).toMatchObject({
      title: 'Three',
      severity: 'critical',
      confidence: 0.4,
    })
    expect(synthesis.notes).toEqual(['first note', 'Put back 1 finding left out without a reason.'])
  })

  test('takes only the first naming of a finding, and none of what does not exist', () => {
    const synthesis = settle(
      aDraft({
        findings: [finding(['a/1', 'a/9', 'ghost/1']), finding(['a/1', 'a/2']), finding(['b/7'])],
        dropped: [
          { finding: 'a/1', reason: 'no' },
          { finding: 'b/1', reason: 'wrong' },
        ],
      }),
    )
    expect(synthesis.ledger.map(({ finding: ref, fate, into }) => [ref, fate, into])).toEqual([
      ['a/1', 'kept', 'f-1'],
      ['a/2', 'kept', 'f-2'],
      ['b/1', 'dropped', undefined],
    ])
    expect(synthesis.notes.slice(1)).toEqual([
      'Removed 3 references to findings that no task reported.',
      '2 findings were named more than once; only the first mention counts.',
      'Removed 1 finding without any source in the tasks.',
      '1 finding got the severity and confidence of a source instead of a rating that no task gave.',
    ])
  })
})

test('a rating that no task gave becomes the nearest pair that one gave', () => {
  const { findings } = settle(
    aDraft({
      findings: [
        finding(['a/1', 'a/2'], { severity: 'critical', confidence: 0.2 }),
        finding(['b/1'], { severity: 'info', confidence: Number.NaN }),
      ],
    }),
  )
  expect(findings.map(({ severity, confidence }) => [severity, confidence])).toEqual([
    ['critical', 0.4],
    ['high', 0.9],
  ])
})

test('a place that no task named becomes one that a task named', () => {
  const { findings, notes } = settle(
    aDraft({
      findings: [
        finding(['a/1'], { file: 'invented.ts', line: 99 }),
        finding(['a/2'], { severity: 'low', confidence: 0.2, file: 'invented.ts' }),
        finding(['b/1'], { severity: 'critical', confidence: 0.4, file: './b.ts' }),
      ],
    }),
  )
  expect(findings.map(({ file, line }) => [file, line])).toEqual([
    ['b.ts', undefined],
    ['a.ts', 1],
    [undefined, undefined],
  ])
  expect(notes).toContain('2 findings got the location that a source names.')
})

test('actions and conflicts name only what exists', () => {
  const side = (taskId: string) => ({ taskId, recommendation: 'r', evidence: 'e' })
  const synthesis = settle(
    aDraft({
      findings: [
        finding(['a/1']),
        finding(['nobody/1']),
        finding(['a/2'], { severity: 'low', confidence: 0.2 }),
      ],
      dropped: [{ finding: 'b/1', reason: 'wrong' }],
      actions: [
        { action: 'Void', why: '', findings: [1, 77] },
        { action: 'Second', why: 'w', findings: [2, 0, 2, -1] },
        { action: 'For all', why: 'w', findings: [] },
      ],
      conflicts: [
        {
          between: ['a', 'b', 'ghost'],
          about: 'x',
          sides: [side('a'), side('b'), side('ghost')],
          resolution: '',
          rule: '',
        },
        { between: ['a', 'ghost'], about: 'y', sides: [side('a')], resolution: '', rule: '' },
      ],
    }),
  )
  expect(synthesis.actions).toEqual([
    { rank: 1, action: 'Second', why: 'w', findings: ['f-2', 'f-1'] },
    { rank: 2, action: 'For all', why: 'w', findings: [] },
  ])
  expect(synthesis.conflicts).toEqual([
    { between: ['a', 'b'], about: 'x', sides: [side('a'), side('b')], resolution: '', rule: '' },
  ])
  expect(synthesis.notes).toContain('Removed 1 conflict not between two tasks of the plan.')
})

describe('contradictions that a model passes over', () => {
  const contradicting = [
    aResult('a', [
      { title: 'Slow lookup', file: 'u.ts', line: 3, recommendation: 'Add a cache to the lookup' },
      { title: 'Short sessions', recommendation: 'Increase the session timeout to 60 minutes' },
    ]),
    aResult('b', [
      {
        title: 'Stale users',
        file: 'u.ts',
        line: 3,
        recommendation: 'Remove the cache of the lookup',
      },
      { title: 'Long sessions', recommendation: 'Reduce the session timeout to 5 minutes' },
    ]),
  ]
  const settled = (more: Partial<SynthesisDraft>) =>
    settleSynthesis({
      draft: aDraft(more),
      input: { results: contradicting },
      executor: 'model',
      version: 1,
      createdAt: '2026-01-01T00:00:00.000Z',
      preliminary: false,
    })
  const all = ['a/1', 'a/2', 'b/1', 'b/2'].map((ref) => finding([ref]))

  test('are added with both sides, whether it kept them apart or merged them', () => {
    for (const findings of [all, [finding(['a/1', 'b/1']), finding(['a/2', 'b/2'])], []]) {
      const { conflicts, notes } = settled({ findings })
      expect(conflicts.map(({ about }) => about).sort()).toEqual([
        'increase the session timeout to 60 minutes',
        'the cache of the lookup (u.ts:3)',
      ])
      for (const { between, sides, resolution, rule } of conflicts) {
        expect([...between].sort()).toEqual(['a', 'b'])
        expect(sides).toHaveLength(2)
        expect(`${resolution}${rule}`).not.toBe('')
      }
      expect(notes).toContain('Added 2 contradictions that the model did not mention.')
    }
  })

  test('are not added to one that it named in its own words', () => {
    const named = {
      between: ['b', 'a'],
      about: 'How long a session lives',
      sides: [
        {
          taskId: 'a',
          recommendation: 'Raise session timeout to 60 min',
          evidence: 'users complain',
        },
        { taskId: 'b', recommendation: 'Session timeout of 5 minutes', evidence: 'stolen cookies' },
      ],
      resolution: '15 minutes',
      rule: 'the middle',
    }
    const { conflicts, notes } = settled({ findings: all, conflicts: [named] })
    expect(conflicts).toHaveLength(2)
    expect(conflicts[0]).toEqual(named)
    expect(conflicts[1]?.about).toContain('cache')
    expect(notes).toContain('Added 1 contradiction that the model did not mention.')
  })

  test('do not exist if it dropped a side with a reason', () => {
    const dropped = [
      { finding: 'b/1', reason: 'measured: no user is stale' },
      { finding: 'b/2', reason: 'out of scope' },
    ]
    expect(settled({ findings: all.slice(0, 2), dropped }).conflicts).toEqual([])
  })
})

test('an empty summary is written from the findings', () => {
  const { summary, notes } = settle(aDraft({ summary: ' ' }))
  expect(summary).toContain('3 findings from 2 tasks: 1 critical, 1 high, 1 low.')
  expect(notes).toContain('The summary was empty; this one is written from the findings.')
})

describe('for any results and any draft', () => {
  const severity = fc.constantFrom('critical', 'high', 'medium', 'low', 'info')
  const text = fc.constantFrom('', 'cache', 'SQL injection', 'Add tests', 'Remove tests')
  const anyResults = fc
    .array(
      fc.array(
        fc.record({
          title: fc.constantFrom('SQL injection in login', 'Missing tests', 'Slow loop', 'x'),
          severity,
          confidence: fc.double({ min: 0, max: 1, noNaN: true }),
          file: fc.option(fc.constantFrom('a.ts', 'b.ts'), { nil: undefined }),
          recommendation: fc.option(text, { nil: undefined }),
        }),
        { maxLength: 4 },
      ),
      { maxLength: 4 },
    )
    .map((lists) =>
      lists.map((findings, index) =>
        aResult(
          `t${index}`,
          findings.map((each) => JSON.parse(JSON.stringify(each))),
        ),
      ),
    )
  const ref = fc.tuple(fc.nat(5), fc.nat(6)).map(([task, index]) => `t${task}/${index}`)
  const anyDraft: fc.Arbitrary<SynthesisDraft> = fc.record({
    summary: text,
    findings: fc.array(
      fc.record({
        title: text,
        severity,
        confidence: fc.double(),
        file: fc.option(fc.constantFrom('a.ts', 'ghost.ts'), { nil: undefined }),
        line: fc.option(fc.integer(), { nil: undefined }),
        detail: text,
        recommendation: fc.option(text, { nil: undefined }),
        from: fc.array(fc.oneof(ref, fc.string()), { maxLength: 5 }),
      }),
      { maxLength: 8 },
    ),
    dropped: fc.array(fc.record({ finding: ref, reason: text }), { maxLength: 4 }),
    conflicts: fc.array(
      fc.record({
        between: fc.array(fc.constantFrom('t0', 't1', 'ghost'), { maxLength: 3 }),
        about: text,
        sides: fc.array(
          fc.record({
            taskId: fc.constantFrom('t0', 'ghost'),
            recommendation: text,
            evidence: text,
          }),
        ),
        resolution: text,
        rule: text,
      }),
      { maxLength: 2 },
    ),
    actions: fc.array(
      fc.record({ action: text, why: text, findings: fc.array(fc.integer(), { maxLength: 4 }) }),
      {
        maxLength: 4,
      },
    ),
    usage: fc.constant(NO_USAGE),
  })

  test('every finding is in the ledger once, and the synthesis holds together', () => {
    fc.assert(
      fc.property(anyResults, anyDraft, fc.boolean(), (given, garbage, merge) => {
        const synthesis = settleSynthesis({
          draft: merge ? mergeFindings(given) : garbage,
          input: { results: given },
          executor: 'model',
          version: 3,
          createdAt: '2026-01-01T00:00:00.000Z',
          preliminary: true,
        })
        expect(Synthesis.safeParse(synthesis).error).toBeUndefined()
        const refs = given.flatMap(({ taskId, findings }) =>
          findings.map((_, index) => `${taskId}/${index + 1}`),
        )
        expect(synthesis.ledger.map((entry) => entry.finding)).toEqual(refs)
        const ids = synthesis.findings.map(({ id }) => id)
        expect(ids).toEqual(ids.map((_, index) => `f-${index + 1}`))
        for (const { id, severity: rating, confidence, sources } of synthesis.findings) {
          const entries = synthesis.ledger.filter(({ into }) => into === id)
          expect(entries.filter(({ fate }) => fate === 'kept')).toHaveLength(1)
          expect(new Set(entries.map((entry) => entry.finding.split('/')[0]))).toEqual(
            new Set(sources),
          )
          const pairs = entries.map((entry) => {
            const [task = '', number = ''] = entry.finding.split('/')
            const source = given.find(({ taskId }) => taskId === task)?.findings[Number(number) - 1]
            return [source?.severity, source?.confidence]
          })
          expect(pairs).toContainEqual([rating, confidence])
        }
        for (const { fate, into, reason } of synthesis.ledger) {
          if (fate === 'dropped') expect(reason?.trim()).not.toBe('')
          else expect(ids).toContain(into)
        }
        const ranks = synthesis.findings.map(importanceIn(synthesis.findings))
        expect(ranks).toEqual(ranks.toSorted((a, b) => b - a))
        for (const [index, action] of synthesis.actions.entries()) {
          expect(action.rank).toBe(index + 1)
          for (const id of action.findings) expect(ids).toContain(id)
        }
        if (merge) expect(synthesis.notes).toEqual([])
      }),
      { numRuns: 400 },
    )
  })
})

test('twenty thousand findings of a thousand tasks are merged and accounted for', () => {
  const many = Array.from({ length: 1_000 }, (_, task) =>
    aResult(
      `task-${task}`,
      Array.from({ length: 20 }, (_, index) => ({
        title: `Missing check of field ${index} before write`,
        file: index % 2 === 0 ? `src/${index}.ts` : `src/${task % 50}.ts`,
        line: index + 1,
        recommendation:
          index === 0 && task % 2 === 0 ? 'Enable strict mode' : 'Disable strict mode',
      })),
    ),
  )
  const synthesis = settleSynthesis({
    draft: mergeFindings(many),
    input: { results: many },
    executor: 'merge',
    version: 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    preliminary: false,
  })
  expect(synthesis.ledger).toHaveLength(20_000)
  expect(synthesis.findings).toHaveLength(10 + 50 * 10)
  expect(synthesis.notes).toEqual([])
  expect(synthesis.summary.length).toBeLessThan(20_000)
})
