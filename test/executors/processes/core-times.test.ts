import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { timesOf, watchCores } from '../../../src/executors/processes/core-times.ts'

test('programs that share one core wait for it, also those that have ended since', async () => {
  const busy = 'timeout 0.8 sh -c "while :; do :; done"'
  const child = spawn('taskset', ['-c', '0', 'sh', '-c', `${busy} & ${busy} & wait`])
  const watch = watchCores(child.pid)
  await once(child, 'close')
  const { ranMs, waitedMs } = watch.end()
  expect(ranMs).toBeGreaterThan(0)
  expect(waitedMs).toBeGreaterThan(0)
})

test('a program that could not be started has no times', () => {
  expect(watchCores(undefined).end()).toMatchObject({ ranMs: 0, waitedMs: 0 })
})

test.each([
  ['one thread, half of the time without a core', [[5_000, 5_000]], 10_000, 5_000],
  ['one thread that mostly waits for the network', [[100, 50]], 10_000, 50],
  [
    'two threads that compute and wait at the same time',
    [
      [5e3, 5e3],
      [5e3, 5e3],
    ],
    10_000,
    5_000,
  ],
  ['a thread that always had a core', [[9_000, 0]], 10_000, 0],
  ['nothing seen', [], 10_000, 0],
])('%s', (_, threads, passedMs, waitedMs) => {
  const times = threads.map(([ranMs = 0, waited = 0]) => ({ ranMs, waitedMs: waited }))
  expect(timesOf(times, passedMs)).toMatchObject({ waitedMs })
})
