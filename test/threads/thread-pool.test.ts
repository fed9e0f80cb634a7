import pino from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { openThreadPool, WorkTimeout } from '../../src/threads/thread-pool.ts'

function aPool(size = 1, idleMs = 60_000) {
  const entry = new URL('./slow-work.ts', import.meta.url)
  const pool = openThreadPool({ entry, size, idleMs, log: pino({ level: 'silent' }) })
  onTestFinished(() => pool.close())
  return pool
}

test('endless work ends at its limit, and the work behind it continues', async () => {
  const pool = aPool()
  const stuck = pool.run('never', [], 50)
  const behind = pool.run('double', [21], 60_000)
  await expect(stuck).rejects.toBeInstanceOf(WorkTimeout)
  expect(await behind).toBe(42)
})

test('this thread continues while another one computes', async () => {
  const pool = aPool(2)
  const stuck = pool.run('never', [], 300).catch((error: unknown) => error)
  expect(await pool.run('double', [1], 60_000)).toBe(2)
  expect(await stuck).toBeInstanceOf(WorkTimeout)
})

test('what work throws is thrown, and a thread that dies fails its own work alone', async () => {
  const pool = aPool()
  await expect(pool.run('fail', [], 60_000)).rejects.toThrow('that is wrong')
  const dying = pool.run('die', [], 60_000)
  const behind = pool.run('double', [3], 60_000)
  await expect(dying).rejects.toThrow('the thread ended in the middle of its work')
  expect(await behind).toBe(6)
})

test('a pool that closes answers all that waits', async () => {
  const pool = aPool()
  const all = [pool.run('never', [], 60_000), pool.run('double', [1], 60_000)]
  const settled = Promise.allSettled(all)
  await pool.close()
  expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await expect(pool.run('double', [1], 60_000)).rejects.toThrow('the threads are closed')
})

test('what counts is what work computes, not how long the machine lets it wait', async () => {
  const pool = aPool()
  await pool.run('double', [1], 60_000)
  expect(await pool.run('wait', [1_500], 500)).toBe('timed-out')
})

test('a thread that has nothing to do ends, and work that comes meanwhile or later gets another one', async () => {
  const pool = aPool(1, 0)
  const first = await pool.run('thread', [], 60_000)
  await expect.poll(() => pool.run('thread', [], 60_000), { timeout: 60_000 }).not.toBe(first)
  const busy = aPool()
  const same = await busy.run('thread', [], 60_000)
  expect(await busy.run('thread', [], 60_000)).toBe(same)
}, 120_000)
