import { describe, expect, test } from 'vitest'
import { type Nearness, oppose, readStances } from '../../../../src/core/merge/conflicts/stances.ts'

function opposed(a: string, b: string, nearness: Nearness = 'same file'): boolean {
  return readStances(a, true).some((one) =>
    readStances(b, true).some((other) => oppose(one, other, nearness) !== undefined),
  )
}

describe('two recommendations for the same file', () => {
  test.each([
    ['Add caching to getUser', 'Remove caching from getUser'],
    ['Cache the result of getUser.', 'Do not cache getUser results.'],
    ['Add response caching to the user lookup', 'Remove the needless cache from the user lookup'],
    ['Cache user lookups', 'Stop caching user lookups'],
    ['Cache the user lookup', "Don't cache the user lookup"],
    ['Enable strict mode', 'Disable strict mode'],
    ['Turn on query logging', 'Turn off query logging'],
    ['Increase the connection pool size', 'Reduce the size of the connection pool'],
    ['Raise the session timeout to 60 minutes', 'Shorten the session timeout'],
    ['Set the session timeout to 30 minutes', 'Set the session timeout to 5 minutes'],
    ['Make the file read asynchronous', 'Keep the file read synchronous'],
    ['Use async file reads', 'Use synchronous file reads'],
    ['Split the auth module into two', 'Merge the auth module into one'],
    ['Extract the validation into a helper', 'Inline the validation'],
    ['Use Redis for session storage', 'Avoid Redis for session storage'],
    ['Use an ORM for queries', 'Do not use an ORM for queries'],
    ['Use an ORM instead of raw SQL', 'Use raw SQL instead of an ORM'],
    ['Replace axios with fetch', 'Keep axios'],
    ['Migrate from REST to GraphQL', 'Keep the REST endpoints'],
    ['Hash passwords with bcrypt', 'Use argon2 for hashing passwords'],
    ['The handler should log the request body', 'The handler should not log the request body'],
    ['Log the request body', 'Never log the request body'],
    ['Add an index on users.email', 'Drop the index on users.email'],
    ['Allow anonymous access to the endpoint', 'Forbid anonymous access to the endpoint'],
    ['Retry failed payments', 'Do not retry failed payments'],
    ['Pin the dependency versions', 'Unpin the dependency versions'],
    ['Make the constructor private', 'Make the constructor public'],
    ['Load the plugins lazily', 'Load the plugins eagerly'],
  ])('%j contradicts %j', (a, b) => {
    expect(opposed(a, b)).toBe(true)
    expect(opposed(b, a)).toBe(true)
  })

  test.each([
    ['Add tests for the login', 'Remove dead code in the login'],
    ['Add tests for the login', 'Remove the skipped tests for the login'],
    ['Use parameterised queries', 'Avoid string-concatenated queries'],
    [
      'Use prepared statements instead of concatenation',
      'Replace concatenation with prepared statements',
    ],
    ['Add an index on users.email', 'Drop the index on orders.id'],
    ['Use asynchronous reads', 'Avoid synchronous reads'],
    ['Replace synchronous calls with asynchronous ones', 'Use asynchronous calls'],
    ['Increase test coverage', 'Reduce complexity'],
    ['Increase the timeout', 'Reduce the number of retries'],
    ['Log errors with their cause', 'Avoid logging secrets'],
    ['Use crypto.randomUUID', 'Avoid Math.random'],
    ['Set the timeout to 60 seconds', 'Set the timeout to 1 minute'],
    ['Cache the user lookup', 'Cache the user lookup'],
    ['Add rate limiting', 'Add rate limiting to the login'],
    ['Reduce latency', 'Reduce memory'],
    ['Add caching to reduce latency', 'Increase the latency budget'],
  ])('%j goes with %j', (a, b) => {
    expect(opposed(a, b)).toBe(false)
    expect(opposed(b, a)).toBe(false)
  })
})

test('the same words about different files contradict each other only with a topic in common', () => {
  expect(opposed('Add caching', 'Remove caching', 'different files')).toBe(false)
  expect(
    opposed('Add an index on users.email', 'Drop the index on users.email', 'different files'),
  ).toBe(true)
  expect(opposed('Add rate limiting', 'Remove rate limiting', 'no file')).toBe(true)
})

test('a sentence of any length and script is read without failing', () => {
  for (const text of [
    '',
    '   ',
    '...',
    'use',
    'do not',
    'replace  with ',
    'from to',
    '缓存用户查询',
    'x'.repeat(100_000),
  ]) {
    expect(() => readStances(text, true)).not.toThrow()
  }
})
