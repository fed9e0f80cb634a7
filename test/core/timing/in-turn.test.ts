import { expect, test } from 'vitest'
import { inTurn } from '../../../src/core/timing/in-turn.ts'

test('pieces of work run one after the other, in order, after one that failed too', async () => {
  const turn = inTurn()
  const log: string[] = []
  const work = (name: string, fails = false) =>
    turn(async () => {
      log.push(`${name} begins`)
      await Promise.resolve()
      log.push(`${name} ends`)
      if (fails) throw new Error(name)
      return name
    })
  const all = await Promise.allSettled([work('a'), work('b', true), work('c')])
  expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})
