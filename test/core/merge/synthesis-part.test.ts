import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Synthesis } from '../../../src/core/contract/synthesis.ts'
import { NO_USAGE } from '../../../src/core/contract/usage.ts'
import { groupResults } from '../../../src/core/merge/group-results.ts'
import { MERGING } from '../../../src/core/merge/merge-operations.ts'
import { levelsOf, partsBelow, placesOn } from '../../../src/core/merge/part-tree.ts'
import {
  type Part,
  replacedPart,
  reportedBy,
  writtenPart,
} from '../../../src/core/merge/synthesis-part.ts'
import type { SynthesisDraft, TaskResult } from '../../../src/core/ports/models.ts'
import { aResult } from './results.ts'

const LIMITS = { tokens: 4_000, findings: 3 }

/** What one call of a careless model does with each thing that it was shown. */
type Fate = 'keep' | 'join' | 'drop' | 'drop without a reason' | 'forget' | 'twice' | 'invent'
const fates = fc.infiniteStream(
  fc.constantFrom<Fate>(
    'keep',
    'join',
    'drop',
    'drop without a reason',
    'forget',
    'twice',
    'invent',
  ),
)

function carelessDraft(shown: readonly TaskResult[], next: () => Fate): SynthesisDraft {
  const findings: SynthesisDraft['findings'] = []
  const dropped: SynthesisDraft['dropped'] = []
  for (const [ref, { finding }] of reportedBy(shown)) {
    const { title, severity, confidence } = finding
    const alone = { title, severity, confidence, detail: 'As drafted.', from: [ref] }
    switch (next()) {
      case 'keep':
        findings.push(alone)
        break
      case 'join':
        if (findings[0] === undefined) findings.push(alone)
        else findings[0].from.push(ref)
        break
      case 'drop':
        dropped.push({ finding: ref, reason: 'not worth it' })
        break
      case 'drop without a reason':
        dropped.push({ finding: ref, reason: ' ' })
        break
      case 'twice':
        findings.push(alone, { ...alone, from: [ref, ref] })
        break
      case 'invent':
        findings.push({ ...alone, from: ['nobody/1', ref] }, { ...alone, from: ['nobody/2'] })
        break
      case 'forget':
        break
    }
  }
  const actions = findings.map((_, index) => ({
    action: `Do ${index}`,
    why: '',
    findings: [index],
  }))
  return { summary: 'Said.', findings, dropped, conflicts: [], actions, usage: NO_USAGE }
}

function refsOf({ draft }: Part): string[] {
  return [
    ...draft.findings.flatMap(({ from }) => from),
    ...draft.dropped.map(({ finding }) => finding),
  ].sort()
}

/** The whole tree as the jobs build it; every part is handed to `onPart` with the refs it must hold. */
function synthesize(
  results: TaskResult[],
  next: () => Fate,
  fails: () => boolean,
  onPart: (part: Part, refs: string[]) => void,
): Synthesis {
  const groups = groupResults(results, LIMITS)
  const levels = levelsOf(groups.length)
  let below = groups.map((group) => {
    const refs = [...reportedBy(group).keys()].sort()
    const part = fails()
      ? replacedPart(group, 'invalid-output', NO_USAGE)
      : writtenPart(carelessDraft(group, next), group, NO_USAGE)
    onPart(part, refs)
    return { text: JSON.stringify(part), refs }
  })
  const put = (children: typeof below) => {
    const refs = children.flatMap((child) => child.refs).sort()
    const { part, shown } = MERGING.combine(
      children.map(({ text }) => text),
      LIMITS,
    )
    const whole = fails()
      ? MERGING.replace(part, 'invalid-output', NO_USAGE)
      : MERGING.resolve(part, carelessDraft(shown, next), shown, NO_USAGE)
    onPart(JSON.parse(whole.part) as Part, refs)
    return { text: whole.part, refs }
  }
  for (let level = 2; level <= levels.length; level += 1) {
    const children = below
    below = placesOn(levels, level).map((place) =>
      put(partsBelow(levels, place).flatMap(({ index }) => children[index] ?? [])),
    )
  }
  const { json } = MERGING.settle({
    results,
    from: { kind: 'part', part: put(below).text, summarised: true },
    usage: NO_USAGE,
    model: undefined,
    version: 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    preliminary: false,
    notes: [],
    edits: undefined,
  })
  return JSON.parse(json) as Synthesis
}

describe('a tree of parts', () => {
  test('puts ten parts into one of the level above, and has one level where ten are enough', () => {
    expect(levelsOf(2)).toEqual([2])
    expect(levelsOf(10)).toEqual([10])
    expect(levelsOf(101)).toEqual([101, 11, 2])
    const levels = levelsOf(101)
    const covered = placesOn(levels, 2).flatMap((place) => partsBelow(levels, place))
    expect(covered).toEqual(placesOn(levels, 1))
  })

  test('accounts for every finding on every level, whatever a model does', () => {
    const finding = fc.record({
      title: fc.constantFrom(
        'SQL injection in login',
        'Missing tests',
        'Slow loop',
        'Cache users',
        'Do not cache users',
      ),
      severity: fc.constantFrom('critical' as const, 'medium' as const, 'info' as const),
      confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      file: fc.constantFrom('a.ts', './a.ts', 'b.ts', undefined),
      line: fc.constantFrom(3, 5, undefined),
    })
    const tasks = fc.array(fc.array(finding, { maxLength: 7 }), { minLength: 2, maxLength: 40 })
    const failures = fc.infiniteStream(fc.boolean())
    fc.assert(
      fc.property(tasks, fates, failures, (lists, fate, failure) => {
        const results = lists.map((findings, index) =>
          aResult(
            `t${index}`,
            findings.map(({ file, line, ...rest }) => ({
              ...rest,
              ...(file === undefined ? {} : { file }),
              ...(file === undefined || line === undefined ? {} : { line }),
            })),
          ),
        )
        const synthesis = synthesize(
          results,
          () => fate.next().value,
          () => failure.next().value,
          (part, refs) => expect(refsOf(part)).toEqual(refs),
        )
        const refs = [...reportedBy(results).keys()]
        expect(synthesis.ledger.map((entry) => entry.finding)).toEqual(refs)
        const ids = new Set(synthesis.findings.map(({ id }) => id))
        for (const { fate: became, into, reason } of synthesis.ledger) {
          if (became === 'dropped') expect([into, reason]).toEqual([undefined, 'not worth it'])
          else expect(ids).toContain(into)
        }
        const kept = synthesis.ledger.filter((entry) => entry.fate === 'kept')
        expect(kept.map(({ into }) => into).sort()).toEqual([...ids].sort())
        // Each rating is a pair that one of the tasks gave.
        const pairs = new Set(
          results.flatMap(({ findings }) =>
            findings.map(({ severity, confidence }) => `${severity} ${confidence}`),
          ),
        )
        for (const { severity, confidence } of synthesis.findings) {
          expect(pairs).toContain(`${severity} ${confidence}`)
        }
      }),
      { numRuns: 150 },
    )
  })

  test('holds the findings of tasks that ended after it was laid out', () => {
    const early = [
      aResult('a', [{ title: 'Slow loop', file: 'a.ts' }]),
      aResult('b', [{ title: 'Leak', file: 'b.ts' }]),
    ]
    const part = writtenPart(
      carelessDraft(early, () => 'keep'),
      early,
      NO_USAGE,
    )
    const { json } = MERGING.settle({
      results: [...early, aResult('late', [{ title: 'Slow loop', file: 'a.ts' }])],
      from: { kind: 'part', part: JSON.stringify(part), summarised: true },
      usage: NO_USAGE,
      model: 'local:m',
      version: 2,
      createdAt: '2026-01-01T00:00:00.000Z',
      preliminary: true,
      notes: [],
      edits: undefined,
    })
    const synthesis = JSON.parse(json) as Synthesis
    expect(synthesis.notes).toEqual([])
    expect(synthesis.summary).toBe('Said.')
    expect(synthesis.findings.map(({ sources }) => sources)).toEqual([['a', 'late'], ['b']])
  })
})
