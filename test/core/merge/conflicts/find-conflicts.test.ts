import { describe, expect, test } from 'vitest'
import type { Finding } from '../../../../src/core/contract/findings.ts'
import {
  findConflicts as find,
  type Recommendation,
} from '../../../../src/core/merge/conflicts/find-conflicts.ts'

const findConflicts = (recommendations: Recommendation[]) =>
  find(recommendations).map(({ conflict }) => conflict)

let group = 0
function advice(
  taskId: string,
  recommendation: string,
  more: Partial<Finding> = {},
): Recommendation {
  group += 1
  const finding: Finding = {
    title: 'User lookup',
    severity: 'medium',
    confidence: 0.5,
    file: 'src/user.ts',
    line: 10,
    evidence: `seen by ${taskId}`,
    recommendation,
    ...more,
  }
  return { ref: `${taskId}/${group}`, taskId, finding, group, agreeing: 1 }
}

describe('contradictory recommendations', () => {
  test('become one conflict with both sides, their evidence, a resolution and its rule', () => {
    expect(
      findConflicts([
        advice('speed', 'Add caching to getUser.', { severity: 'low' }),
        advice('security', 'Do not cache getUser results.', { severity: 'high', line: 12 }),
      ]),
    ).toEqual([
      {
        between: ['security', 'speed'],
        about: 'cache getuser results (src/user.ts:12)',
        sides: [
          {
            taskId: 'security',
            recommendation: 'Do not cache getUser results.',
            evidence: 'src/user.ts:12: seen by security',
          },
          {
            taskId: 'speed',
            recommendation: 'Add caching to getUser.',
            evidence: 'src/user.ts:10: seen by speed',
          },
        ],
        resolution: 'Follow security: Do not cache getUser results.',
        rule: 'higher severity wins (high against low)',
      },
    ])
  })

  test('are left to a person if nothing decides between the sides', () => {
    const [conflict] = findConflicts([
      advice('a', 'Enable strict mode'),
      advice('b', 'Disable strict mode'),
    ])
    expect(conflict?.rule).toMatch(/^needs a person/)
    expect(conflict?.resolution).toContain('Enable strict mode')
    expect(conflict?.resolution).toContain('Disable strict mode')
  })

  test('are decided by agreement and then by confidence', () => {
    const [byAgreement] = findConflicts([
      { ...advice('a', 'Enable strict mode'), agreeing: 3 },
      advice('b', 'Disable strict mode', { confidence: 1 }),
    ])
    expect(byAgreement?.rule).toBe('more tasks agree (3 against 1)')
    const [byConfidence] = findConflicts([
      advice('a', 'Enable strict mode', { confidence: 0.4 }),
      advice('b', 'Disable strict mode', { confidence: 0.9 }),
    ])
    expect(byConfidence).toMatchObject({
      resolution: 'Follow b: Disable strict mode',
      rule: 'higher confidence wins (0.9 against 0.4)',
    })
  })

  test('of many tasks about one thing are one conflict', () => {
    const conflicts = findConflicts([
      advice('a', 'Split the auth module'),
      advice('b', 'Split the auth module in two'),
      advice('c', 'Merge the auth module with sessions'),
    ])
    expect(conflicts).toHaveLength(1)
    expect(conflicts[0]?.between).toHaveLength(3)
  })

  test('that turn two things around are one conflict', () => {
    const conflicts = findConflicts([
      advice('a', 'Use an ORM instead of raw SQL'),
      advice('b', 'Use raw SQL instead of an ORM'),
    ])
    expect(conflicts).toHaveLength(1)
  })

  test('of one task with itself are its own business', () => {
    expect(
      findConflicts([advice('a', 'Enable strict mode'), advice('a', 'Disable strict mode')]),
    ).toEqual([])
  })

  test('about different things in one file are none', () => {
    expect(
      findConflicts([
        advice('a', 'Add tests for the login'),
        advice('b', 'Remove dead code'),
        advice('c', 'Increase the timeout'),
        advice('d', 'Reduce the number of retries'),
      ]),
    ).toEqual([])
  })

  test('are between recommendations alone: a title takes no side', () => {
    const titled = (taskId: string, title: string) => {
      const { finding, ...rest } = advice(taskId, '', { title })
      const { recommendation: _, ...bare } = finding
      return { ...rest, finding: bare }
    }
    expect(
      findConflicts([
        titled('a', 'Cache user lookups'),
        titled('b', 'Do not cache user lookups'),
        advice('c', 'Do not cache user lookups.'),
      ]),
    ).toEqual([])
  })

  test.each([
    [
      'a diff that removes what another one adds',
      '```diff\n- cache.enable(user)\n```\nCheck the key of each entry.',
      'Enable the cache for users.',
    ],
    [
      'a comment in code',
      '```ts\n// do not cache user lookups\nreturn lookup(user)\n```',
      'Cache user lookups.',
    ],
    [
      'an example',
      'Validate each entry, for example do not cache user lookups.',
      'Cache user lookups.',
    ],
    [
      'what is so now',
      'The handler uses a cache instead of user lookups.',
      'Use user lookups instead of a cache.',
    ],
    ['what holds under a condition', 'If the key is missing, do not cache it.', 'Cache the key.'],
    [
      'the same side in other words',
      'The owner must not change.',
      'Do not allow to change the owner.',
    ],
    [
      'one verb about two things',
      'Do not transfer tokens to bidders during settlement.',
      'Transfer the fee in when the auction begins.',
    ],
  ])('%s is no side', (_, one, other) => {
    expect(findConflicts([advice('a', one), advice('b', other)])).toEqual([])
  })

  test('between rivals need the same subject, or the same place', () => {
    const anywhere = { file: undefined, line: undefined } as unknown as Partial<Finding>
    const between = (one: string, other: string, more: Partial<Finding> = {}) =>
      findConflicts([advice('a', one, more), advice('b', other, more)]).length
    expect(between('Use JWT for authentication', 'Use sessions for authentication', anywhere)).toBe(
      1,
    )
    expect(between('Use stateless JWTs', 'Use session cookies')).toBe(1)
    expect(between('Rotate JWT signing keys', 'Expire sessions after an hour')).toBe(0)
  })

  test('are found among twenty thousand recommendations', () => {
    const many = Array.from({ length: 20_000 }, (_, index) =>
      advice(`task-${index % 1_000}`, `Add a check for value ${index % 20}`, {
        file: `src/${index}.ts`,
      }),
    )
    const conflicts = findConflicts([
      ...many,
      advice('x', 'Enable query logging', { file: 'src/db.ts' }),
      advice('y', 'Disable query logging', { file: 'src/db.ts' }),
    ])
    expect(conflicts.map(({ between }) => between)).toEqual([['x', 'y']])
  })
})
