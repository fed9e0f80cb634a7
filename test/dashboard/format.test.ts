import { expect, test } from 'vitest'
import { noteServerDate, serverNow } from '../../dashboard/src/api/server-clock.ts'
import { formatAgo, formatDuration, formatTick } from '../../dashboard/src/format/duration.ts'
import { formatTimes, formatUsd, plural } from '../../dashboard/src/format/number.ts'

test('durations have the two figures that matter', () => {
  const durations = [0, 840, 4_250, 42_999, 192_000, 7_500_000, 273_600_000, -5, Number.NaN]
  expect(durations.map(formatDuration)).toEqual([
    '0 ms',
    '840 ms',
    '4.2 s',
    '42 s',
    '3m 12s',
    '2h 05m',
    '3d 4h',
    '–',
    '–',
  ])
})

test('labels of the axis are as exact as the step between them', () => {
  expect(formatTick(0, 500)).toBe('0')
  expect(formatTick(250, 50)).toBe('250ms')
  expect(formatTick(1_500, 500)).toBe('1.5s')
  expect(formatTick(45_000, 15_000)).toBe('45s')
  expect(formatTick(150_000, 30_000)).toBe('2:30')
  expect(formatTick(3_900_000, 300_000)).toBe('1:05:00')
})

test('a time just ahead of this clock is now, not in the future', () => {
  expect(formatAgo(2_000, 1_000)).toBe('just now')
  expect(formatAgo(0, 190_000)).toBe('3 min. ago')
})

test('a small cost is not shown as nothing', () => {
  expect([0, 0.00003, 0.0042, 0.0734, 12.345].map(formatUsd)).toEqual([
    '$0',
    '<$0.0001',
    '$0.0042',
    '$0.073',
    '$12.35',
  ])
  expect(formatTimes(4.83)).toBe('4.8×')
  expect(formatTimes(0)).toBe('–')
  expect(plural(1, 'task')).toBe('1 task')
  expect(plural(1_200, 'task')).toBe('1,200 tasks')
})

test("running bars follow the server's clock if this machine's is off by more than seconds", () => {
  const received = Date.now()
  noteServerDate(new Date(received + 3_600_000).toUTCString(), received)
  expect(serverNow() - Date.now()).toBeGreaterThan(3_590_000)
  noteServerDate(new Date(received).toUTCString(), received)
  expect(Math.abs(serverNow() - Date.now())).toBeLessThan(50)
  noteServerDate('not a date')
  expect(Math.abs(serverNow() - Date.now())).toBeLessThan(50)
})
