import { describe, expect, test } from 'vitest'
import { jaccard, stem, stems } from '../../../src/core/text/words.ts'

describe('what a text is about', () => {
  test.each([
    [['cache', 'caching', 'cached', 'caches'], 'cach'],
    [['log', 'logs', 'logging', 'logged'], 'log'],
    [['query', 'queries'], 'query'],
    [['validate', 'validation', 'validating', 'validates'], 'validat'],
    [['inject', 'injection', 'injected'], 'inject'],
    [['process', 'processes'], 'process'],
    [['asynchronous', 'asynchronously'], 'asynchronous'],
  ])('is the same for %j', (words, root) => {
    for (const word of words) expect([word, stem(word)]).toEqual([word, root])
  })

  test('leaves out common words, and knows short names', () => {
    expect([...stems('The SQLi in an auth handler')]).toEqual([
      'sql',
      'inject',
      'authenticat',
      'handler',
    ])
    expect([...stems('getUserById')]).toEqual(['get', 'user', 'id'])
  })

  test('is compared in scripts without spaces too', () => {
    expect(jaccard(stems('数据库连接泄漏'), stems('数据库连接泄露'))).toBeGreaterThan(0.6)
    expect(jaccard(stems('数据库连接泄漏'), stems('缺少测试'))).toBe(0)
  })

  test('never throws on names of object members', () => {
    expect([...stems('constructor toString __proto__')]).toContain('constructor')
  })
})
