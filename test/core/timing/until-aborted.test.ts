import { describe, expect, test } from 'vitest'
import { backoff } from '../../../src/core/timing/backoff.ts'
import { pause } from '../../../src/core/timing/pause.ts'
import { untilAborted } from '../../../src/core/timing/until-aborted.ts'

const never = new Promise<never>(() => {})

describe('a wait that an abort ends', () => {
  test('gives what the work gives, and its failure', async () => {
    const { signal } = new AbortController()
    await expect(untilAborted(Promise.resolve(7), signal)).resolves.toBe(7)
    await expect(untilAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
  })

  test('throws the reason of the abort, before it begins and in its middle', async () => {
    const controller = new AbortController()
    const waiting = untilAborted(never, controller.signal)
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await expect(untilAborted(Promise.resolve(7), controller.signal)).rejects.toThrow('enough')
  })

  test('leaves work that fails later to itself', async () => {
    const controller = new AbortController()
    const work = Promise.withResolvers<void>()
    const waiting = untilAborted(work.promise, controller.signal)
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    const heard: unknown[] = []
    process.once('unhandledRejection', (reason) => heard.push(reason))
    work.reject(new Error('late'))
    await new Promise((resolve) => setImmediate(resolve))
    expect(heard).toEqual([])
  })
})

test('a pause ends as soon as one of its signals aborts', async () => {
  const [first, second] = [new AbortController(), new AbortController()]
  const pausing = pause(3_600_000, first.signal, second.signal)
  second.abort()
  await pausing
  await pause(3_600_000, second.signal)
})

test('a backoff doubles up to half a minute, and half of it is random', () => {
  expect([0, 1, 2, 6, 60].map((failures) => backoff(failures, () => 0.999_999))).toEqual([
    500, 1_000, 2_000, 30_000, 30_000,
  ])
  expect(backoff(2, () => 0)).toBe(1_000)
})
