import { describe, expect, test } from 'vitest'
import { parseRedisUrl } from '../../../src/store/redis/redis-url.ts'

describe('REDIS_URL', () => {
  test.each([
    ['redis://localhost', { kind: 'server', node: { host: 'localhost', port: 6379 }, database: 0 }],
    ['redis://h:1/3', { kind: 'server', node: { host: 'h', port: 1 }, database: 3 }],
    ['redis://[::1]:7', { kind: 'server', node: { host: '::1', port: 7 }, database: 0 }],
  ])('one host is one server: %s', (text, address) => {
    expect(parseRedisUrl(text)).toEqual({ ...address, tls: false })
  })

  test('credentials are percent-decoded, and rediss is TLS', () => {
    expect(parseRedisUrl('rediss://me:a%2Cb%40c@h')).toEqual({
      kind: 'server',
      node: { host: 'h', port: 6379 },
      database: 0,
      username: 'me',
      password: 'a,b@c',
      tls: true,
    })
  })

  const nodes = [
    { host: 'a', port: 1 },
    { host: 'b', port: 6379 },
  ]
  test.each([
    'redis://:pw@a:1,redis://b',
    'redis://:pw@a:1,b:6379',
    'redis://:pw@a:1/,redis://:pw@b/0',
    'redis://:pw@a:1, b',
  ])('several hosts are a Cluster, with the access of the first: %s', (text) => {
    expect(parseRedisUrl(text)).toEqual({ kind: 'cluster', nodes, password: 'pw', tls: false })
  })

  test('sentinels are a list, and the name of the master ends it', () => {
    expect(parseRedisUrl('redis+sentinel://u:pw@a:1,b/main?sentinelPassword=s%2F1')).toEqual({
      kind: 'sentinel',
      sentinels: [
        { host: 'a', port: 1 },
        { host: 'b', port: 26379 },
      ],
      name: 'main',
      sentinelPassword: 's/1',
      username: 'u',
      password: 'pw',
      tls: false,
    })
    expect(parseRedisUrl('redis+sentinel://a')).toMatchObject({ name: 'mymaster' })
  })

  test.each([
    ['http://:secret@h', /must begin with redis:/],
    ['redis://:secret@', /host/],
    ['redis://:secret@a:x', /host/],
    ['redis://:secret@a,,b', /leaves out a host/],
    ['redis://:secret@a:1,rediss://b', /mixes schemes/],
    ['redis://:secret@a,:other@b', /credentials of its first host/],
    ['redis://me:12,secret@h', /comma is written %2C/],
    ['redis://:secret%@h', /%25/],
    ['redis://:secret@a/2,b', /only database 0/],
    ['redis://:secret@a/two', /not a number/],
    ['redis+sentinel://:secret@a/main,b', /before the last sentinel/],
  ])('a mistake is one sentence that repeats no password: %s', (text, sentence) => {
    let message = ''
    try {
      parseRedisUrl(text)
    } catch (error) {
      message = error instanceof Error ? error.message : ''
    }
    expect(message).toMatch(sentence)
    expect(message).not.toMatch(/secret|other/)
  })
})
