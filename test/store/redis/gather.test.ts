import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { gather, shared } from '../../../src/store/redis/gather.ts'

test('those who ask for the same at the same moment share one read, and a later one reads again', async () => {
  let state = 'old'
  const reads: string[] = []
  const read = shared(async ({ planId }: { planId: string }) => {
    reads.push(planId)
    return `${planId} ${state}`
  })
  const together = Promise.all([
    read({ planId: 'a' }),
    read({ planId: 'a' }),
    read({ planId: 'b' }),
  ])
  // It begins after all of them have asked, so that none gets an earlier result.
  state = 'new'
  expect(await together).toEqual(['a new', 'a new', 'b new'])
  expect(reads).toEqual(['a', 'b'])
  await turn()
  await read({ planId: 'a' })
  expect(reads).toEqual(['a', 'b', 'a'])
})

test('a read that fails fails for all who share it, and not for the next', async () => {
  let isAway = true
  const read = shared(async (_: string) => {
    if (isAway) throw new Error('away')
    return 'there'
  })
  const failed = await Promise.allSettled([read('a'), read('a')])
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  isAway = false
  expect(await read('a')).toBe('there')
})

test('calls are sent together up to a size, and a large one alone', async () => {
  const groups: number[][] = []
  const call = gather(
    (_: number) => 'plan',
    async (_, sizes) => {
      groups.push(sizes)
      return sizes
    },
    (size) => size,
  )
  const sizes = [200_000, 200_000, 200_000, 9_000_000, 10, 20]
  expect(await Promise.all(sizes.map(call))).toEqual(sizes)
  expect(groups).toEqual([[200_000, 200_000], [200_000], [9_000_000], [10, 20]])
})
