import { expect, test } from 'vitest'
import { retryAfterMs } from '../../../../src/executors/model/calls/retry-after.ts'

const NOW = Date.parse('2026-11-23T12:00:00Z')

test.each([
  ['seconds', { 'retry-after': '7' }, 7_000],
  ['parts of a second', { 'retry-after': '0.25' }, 250],
  ['a date', { 'retry-after': 'Mon, 23 Nov 2026 12:00:30 GMT' }, 30_000],
  ['a date that has passed', { 'retry-after': 'Mon, 23 Nov 2026 11:00:00 GMT' }, 0],
  ['milliseconds first', { 'retry-after-ms': '1500', 'retry-after': '9' }, 1_500],
  [
    "Anthropic's resets of what is used up",
    {
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': '2026-11-23T12:00:12Z',
      'anthropic-ratelimit-tokens-remaining': '5000',
      'anthropic-ratelimit-tokens-reset': '2026-11-23T12:01:00Z',
    },
    12_000,
  ],
  [
    "OpenAI's",
    { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '1m2.5s' },
    62_500,
  ],
  [
    "OpenAI's, when short",
    { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '20ms' },
    20,
  ],
  ['at most a day', { 'retry-after': '99999999' }, 86_400_000],
  ['nothing', {}, undefined],
  ['what cannot be read', { 'retry-after': 'soon' }, undefined],
  ['what has something left', { 'x-ratelimit-remaining-requests': '3' }, undefined],
])('reads %s', (_, headers, expected) => {
  expect(retryAfterMs(headers, NOW)).toBe(expected)
})

test('reads nothing without headers', () => {
  expect(retryAfterMs(undefined)).toBeUndefined()
})
