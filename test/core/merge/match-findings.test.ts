import { expect, test } from 'vitest'
import { matchFindings } from '../../../src/core/merge/match-findings.ts'

interface Told {
  title: string
  place?: string
  detail?: string
  recommendation?: string
}

function told({ title, place = '', detail = title, recommendation }: Told) {
  const [file, line] = place.split(':')
  return {
    title,
    severity: 'medium' as const,
    confidence: 0.5,
    detail,
    ...(file ? { file } : {}),
    ...(line === undefined ? {} : { line: Number(line) }),
    ...(recommendation === undefined ? {} : { recommendation }),
  }
}

const match = (before: Told[], after: Told[]) => matchFindings(before.map(told), after.map(told))

test('a finding whose line has moved is the same, and one of another file is not', () => {
  expect(
    match(
      [{ title: 'SQL built from text', place: 'a.ts:10' }],
      [
        { title: 'SQL built from text', place: 'b.ts:10' },
        { title: 'SQL built from text', place: 'a.ts:90' },
      ],
    ),
  ).toEqual({ earlier: [undefined, 0], gone: [] })
})

test('of several matches of one rule, the nearest ones are paired', () => {
  const rule = (line: number) => ({ title: 'Synchronous file call', place: `a.ts:${line}` })
  expect(match([rule(10), rule(50), rule(90)], [rule(52), rule(92)])).toEqual({
    earlier: [1, 2],
    gone: [0],
  })
})

test('a finding in other words is the same', () => {
  const before = {
    title: 'Balance read from the replica may be stale after a transfer',
    place: 'src/wallet.ts:60',
    detail:
      'getBalance() reads from the read replica, which lags behind the primary. A customer who transfers money and then withdraws sees the old balance, and can spend it twice.',
    recommendation: 'Read the balance from the primary within the transaction of the withdrawal.',
  }
  const after = {
    title: 'Double spending because of replication lag',
    place: 'src/wallet.ts:61',
    detail:
      'A withdrawal checks the balance on a replica. Replication takes a moment, so that the balance of before the transfer is seen and the money is spent twice. The primary has to be asked.',
    recommendation: 'Use the primary for the balance check of the withdrawal.',
  }
  const other = { title: 'The retry of webhooks never ends', place: 'src/webhooks.ts:7' }
  expect(match([other, before], [after])).toEqual({ earlier: [1], gone: [0] })
})

test('a run without findings has fixed everything, and a first one has only new ones', () => {
  const one = { title: 'SQL built from text', place: 'a.ts:10' }
  expect(match([one], [])).toEqual({ earlier: [], gone: [0] })
  expect(match([], [one])).toEqual({ earlier: [undefined], gone: [] })
})
