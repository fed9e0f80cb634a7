import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Claim,
  clusterFindings,
} from '../../../../src/core/merge/clusters/cluster-findings.ts'

function claim(task: string, title: string, place: string, more: Partial<Claim> = {}): Claim {
  const [file, line] = place.split(':')
  return {
    tasks: [task],
    title,
    severity: 'medium',
    confidence: 0.5,
    ...(file && { file }),
    ...(line && { line: Number(line) }),
    ...more,
  }
}

const groups = (...claims: Claim[]) =>
  clusterFindings(claims).map((group) => [...group].sort((a, b) => a - b))
const same = (a: Claim, b: Claim) => clusterFindings([a, b]).length === 1

test('what rules of a linter match in two files is two findings, however alike their sentences are', () => {
  const shell = claim('api', 'Shell command built from values', 'src/api/export.ts:4', {
    category: 'security',
    severity: 'high',
    detail:
      'A shell reads the command line, so a value with `;`, `$()` or a quote in it runs other commands. [command-injection]\nEvidence: exec(`tar czf /tmp/NAME.tgz reports/NAME`)',
    recommendation: 'Use `execFile` or `spawn` with the arguments as a list and without a shell.',
  })
  const sql = claim('db', 'SQL statement built from values', 'src/db/users.ts:6', {
    category: 'security',
    severity: 'high',
    detail:
      "Values become part of the text of the statement, so a value with a quote in it changes what the database runs. [sql-injection]\nEvidence: users.push(await client.query(`select * from users where id = 'ID'`))",
    recommendation:
      'Pass values as parameters of the statement (`?`, `$1`) or use the query builder.',
  })
  const random = claim(
    'auth',
    'Guessable random value for something secret',
    'src/auth/session.ts:4',
  )
  expect(same(shell, sql)).toBe(false)
  expect(groups(shell, sql, random)).toHaveLength(3)
})

describe('two findings of different tasks are one', () => {
  const security = { category: 'security' }
  test.each([
    [
      'the same words',
      claim('a', 'SQL injection in login', 'src/a.ts:10'),
      claim('b', 'SQL injection in login', 'src/a.ts:10'),
    ],
    [
      'other words on the same line',
      claim('a', 'SQL injection in login query', 'src/a.ts:10'),
      claim('b', 'Login query open to SQLi', './src/a.ts:10'),
    ],
    [
      'one word in common, same line and category',
      claim('a', 'User input concatenated into SQL', 'a.ts:10', security),
      claim('b', 'SQL injection in login', 'a.ts:10', security),
    ],
    [
      'a line nearby',
      claim('a', 'Password compared without constant time', 'a.ts:10'),
      claim('b', 'Password is not compared in constant time', 'a.ts:14'),
    ],
    [
      'another name of the same weakness',
      claim('a', 'SQL injection in login', 'a.ts:10'),
      claim('b', 'User name is concatenated into the query', 'a.ts:11'),
    ],
    [
      'a name of the weakness only in the detail',
      claim('a', 'No rate limiting', 'a.ts:10'),
      claim('b', 'Passwords can be guessed', 'a.ts:12', { detail: 'Brute force is not stopped.' }),
    ],
    [
      'one without a line',
      claim('a', 'Missing rate limiting on login', 'a.ts:10'),
      claim('b', 'Missing rate limiting on login', 'a.ts'),
    ],
    [
      'no file',
      claim('a', 'No tests for the payment module', ''),
      claim('b', 'The payment module has no tests', ''),
    ],
    [
      'one without a file',
      claim('a', 'Login has no rate limiting', 'a.ts:3'),
      claim('b', 'No rate limiting for login', ''),
    ],
  ])('with %s', (_, a, b) => {
    expect(same(a, b)).toBe(true)
    expect(same(b, a)).toBe(true)
  })
})

describe('two findings stay two', () => {
  test.each([
    [
      'in different files',
      claim('a', 'SQL injection in login', 'a.ts:10'),
      claim('b', 'SQL injection in login', 'b.ts:10'),
    ],
    [
      'far apart',
      claim('a', 'Synchronous file call', 'a.ts:10'),
      claim('b', 'Synchronous file call', 'a.ts:90'),
    ],
    [
      'about different things on one line',
      claim('a', 'SQL injection', 'a.ts:10'),
      claim('b', 'Missing await', 'a.ts:10'),
    ],
    [
      'of different weaknesses on one line',
      claim('a', 'SQL injection in login', 'a.ts:10'),
      claim('b', 'Password hashed with MD5', 'a.ts:10'),
    ],
    [
      'when one task lists both',
      claim('a', 'Synchronous file call', 'a.ts:10'),
      claim('a', 'Synchronous file call', 'a.ts:12'),
    ],
    [
      'when they ask for opposites',
      claim('a', 'Increase the pool size', 'a.ts:10'),
      claim('b', 'Decrease the pool size', 'a.ts:10'),
    ],
    [
      'about two advisories',
      claim('a', 'lodash has CVE-2021-23337', 'package.json:8'),
      claim('b', 'lodash has CVE-2020-8203', 'package.json:8'),
    ],
    [
      'about two functions',
      claim('a', 'Missing test for parse()', ''),
      claim('b', 'Missing test for format()', ''),
    ],
    [
      'with numbers that differ',
      claim('a', 'Step 3 of the release has no check at all', ''),
      claim('b', 'Step 4 of the release has no check at all', ''),
    ],
  ])('%s', (_, a, b) => {
    expect(same(a, b)).toBe(false)
    expect(same(b, a)).toBe(false)
  })
})

test('each occurrence finds the one on its own line, not just a near one', () => {
  expect(
    groups(
      claim('a', 'Synchronous file call', 'a.ts:10'),
      claim('a', 'Synchronous file call', 'a.ts:12'),
      claim('b', 'Synchronous file call', 'a.ts:12', { severity: 'high' }),
      claim('b', 'Synchronous file call', 'a.ts:10', { severity: 'low' }),
    ),
  ).toEqual([
    [1, 2],
    [0, 3],
  ])
})

test('the surest claim of the most common severity speaks for its group', () => {
  const [group] = clusterFindings([
    claim('a', 'SQL injection', 'a.ts:1', { severity: 'medium', confidence: 0.9 }),
    claim('b', 'SQL injection', 'a.ts:1', { severity: 'critical', confidence: 0.3 }),
    claim('c', 'SQL injection', 'a.ts:1', { severity: 'critical', confidence: 0.4 }),
  ])
  expect(group).toEqual([2, 1, 0])
  const [tied] = clusterFindings([
    claim('a', 'SQL injection', 'a.ts:1', { severity: 'low', confidence: 0.9 }),
    claim('b', 'SQL injection', 'a.ts:1', { severity: 'high', confidence: 0.3 }),
  ])
  expect(tied).toEqual([1, 0])
})

test.each([
  ['high', 'medium', 'medium'],
  ['medium', 'low', 'low'],
  ['critical', 'high', 'critical'],
  ['high', 'low', 'high'],
] as const)(
  'of two claims, %s and %s, the one that says %s speaks for both',
  (one, other, said) => {
    const two = [one, other].map((severity, index) =>
      claim(`task-${index}`, 'SQL injection', 'a.ts:1', { severity }),
    )
    const [[leader = -1] = []] = clusterFindings(two)
    expect(two[leader]?.severity).toBe(said)
  },
)

describe('findings in prose', () => {
  /** What four reviewers wrote about one wallet service. */
  const stale = [
    claim(
      'ada',
      'Balance read from the replica may be stale after a transfer',
      'src/wallet.ts:40',
      {
        detail:
          'getBalance() reads from the replica, which lags behind the primary by up to two seconds. A ' +
          'customer who transfers money and then withdraws sees the old balance, and can spend it twice.',
        recommendation:
          'Read the balance from the primary within the transaction of the withdrawal.',
      },
    ),
    claim('bob', 'Double spending because of replication lag', 'src/wallet.ts:61', {
      detail:
        'A withdrawal checks the balance on a replica. Replication takes a moment, so that the balance of ' +
        'before the transfer is seen and the money is spent twice. The primary has to be asked.',
      recommendation: 'Use the primary for the balance check.',
    }),
    claim('cyd', 'withdraw() trusts a stale balance', 'src/routes/withdraw.ts:12', {
      detail:
        'The route calls getBalance() of wallet.ts, and that reads from the read replica: stale for as ' +
        'long as the replication lags. Two withdrawals in a row both pass the check on the balance.',
    }),
  ]
  const fee = [
    claim('ada', 'The fee is rounded in favour of the customer', 'src/fees.ts:8', {
      detail:
        'The percentage is applied with Math.floor to every line of an invoice, so that small invoices ' +
        'have a fee of zero. Splitting an order into many lines avoids the fee altogether.',
      recommendation: 'Round once, over the sum of the invoice.',
    }),
    claim('dan', 'The fee is avoided by splitting an order into many lines', 'src/fees.ts:10', {
      detail:
        'Math.floor is applied to each line of the invoice before the sum is taken. With lines under one ' +
        'euro the fee of all of them is zero, whatever the order costs.',
      recommendation: 'Take the sum of the invoice first, then round the fee.',
    }),
  ]
  const other = [
    claim('bob', 'Session cookies are sent over plain HTTP', 'src/session.ts:5', {
      detail:
        'The cookie lacks the secure attribute. Whoever listens on the network between a browser and ' +
        'the service takes over the session of a signed-in customer.',
    }),
    claim('dan', 'The retry of webhooks never ends', 'src/webhooks.ts:77', {
      detail:
        'A receiver that answers 500 for ever is called every second, because the counter of attempts ' +
        'is reset when the job is put back. The queue fills up with deliveries that cannot succeed.',
    }),
  ]
  const all = [...stale, ...fee, ...other]

  test('are one when they say the same in other words, on other lines or about other files', () => {
    expect(groups(...all).sort(([a = 0], [b = 0]) => a - b)).toEqual([[0, 1, 2], [3, 4], [5], [6]])
  })

  test('are grouped the same in any order of the tasks', () => {
    const titlesOf = (claims: readonly Claim[]) =>
      clusterFindings(claims).map((group) => group.map((index) => claims[index]?.title))
    const expected = titlesOf(all)
    const keys = fc.array(fc.integer(), { minLength: all.length, maxLength: all.length })
    fc.assert(
      fc.property(keys, (order) => {
        const shuffled = all
          .map((each, index) => ({ each, key: order[index] ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ each }) => each)
        expect(titlesOf(shuffled)).toEqual(expected)
      }),
    )
  })

  test('are two where a rule put the same text on two places', () => {
    const rule = {
      detail:
        'A function of more than eighty lines is hard to read, to test and to change. Split it into ' +
        'functions that each do one thing, name them after what they do, and test each one alone.',
    }
    const title = 'This function is too long'
    expect(same(claim('a', title, 'a.ts:10', rule), claim('b', title, 'b.ts:10', rule))).toBe(false)
    expect(same(claim('a', title, 'a.ts:10', rule), claim('b', title, 'a.ts:90', rule))).toBe(false)
    expect(same(claim('a', title, 'a.ts:10', rule), claim('b', title, 'a.ts:10', rule))).toBe(true)
  })
})

test('five thousand findings in prose are grouped in blocks, those of one thing together', () => {
  const nouns = 'invoice cart coupon parcel refund ledger stock price customer voucher'.split(' ')
  const verbs = 'loses doubles ignores rounds caches leaks reorders truncates blocks logs'.split(
    ' ',
  )
  const places = 'import export report search mail backup'.split(' ')
  const claims = Array.from({ length: 5_000 }, (_, index) => {
    const thing = index % 500
    const [noun, verb, place] = [
      nouns[thing % 10],
      verbs[Math.floor(thing / 10) % 10],
      places[Math.floor(thing / 100)],
    ]
    return claim(`task-${Math.floor(index / 500)}`, `The ${place} ${verb} the ${noun}`, '', {
      detail:
        `When ${place}${noun}${verb}() runs for the ${thing}th${noun} while another worker holds it, the ` +
        `${noun} is read before it is written, and the ${place} of reviewer ${index} ${verb} it. Seen with ` +
        `a ${noun} of run ${thing} under load, step by step as written below in short.`,
    })
  })
  const found = clusterFindings(claims)
  expect(found.flat().sort((a, b) => a - b)).toEqual(claims.map((_, index) => index))
  const whole = found.filter(
    (group) => group.length === 10 && new Set(group.map((index) => index % 500)).size === 1,
  )
  expect(whole.length).toBeGreaterThan(450)
})

test('every claim is in exactly one group, and a task is in one twice only with the same words', () => {
  const anything = fc.record({
    tasks: fc.constantFrom('a', 'b', 'c', 'd').map((task) => [task]),
    title: fc
      .array(
        fc.constantFrom('sql', 'injection', 'missing', 'cache', 'add', 'remove', 'test', '3', ''),
        {
          maxLength: 5,
        },
      )
      .map((words) => words.join(' ')),
    severity: fc.constantFrom('critical' as const, 'high' as const, 'low' as const),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
    category: fc.option(fc.constantFrom('x', 'y'), { nil: undefined }),
    file: fc.option(fc.constantFrom('a.ts', './a.ts', 'b.ts:3', ''), { nil: undefined }),
    line: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
  })
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 40 }), (claims) => {
      const found = clusterFindings(claims)
      expect(found.flat().sort((a, b) => a - b)).toEqual(claims.map((_, index) => index))
      for (const group of found) {
        const titles = new Map<string | undefined, string | undefined>()
        for (const index of group) {
          const { tasks, title } = claims[index] as Claim
          expect(titles.get(tasks[0]) ?? title.trim()).toBe(title.trim())
          titles.set(tasks[0], title.trim())
        }
      }
    }),
  )
})

test('twenty thousand findings of a thousand tasks are grouped, common words or not', () => {
  const nouns = 'login session token cache query index retry buffer parser router'.split(' ')
  const claims = Array.from({ length: 20_000 }, (_, index) => {
    const finding = index % 20
    const task = Math.floor(index / 20)
    return claim(
      `task-${task}`,
      `Missing ${nouns[finding % 10]} check ${finding < 10 ? 'before' : 'after'} release`,
      finding % 2 === 0 ? `src/${finding}.ts:${finding + 1}` : `src/${task}.ts:${finding + 1}`,
    )
  })
  const found = clusterFindings(claims)
  expect(found.flat()).toHaveLength(20_000)
  // Each task has ten findings in common with the others, and ten of its own.
  expect(found).toHaveLength(10 + 10 * 1_000)
})
