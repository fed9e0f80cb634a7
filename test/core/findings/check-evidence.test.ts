import { describe, expect, test } from 'vitest'
import { checkEvidence, pathResolver } from '../../../src/core/findings/check-evidence.ts'
import { findQuote, quotesOf, searchedText } from '../../../src/core/findings/quotes.ts'

const FILES: Record<string, string> = {
  'src/login.ts': `import { db } from './db.ts'

export async function login(name: string, password: string) {
  const rows = await db.query("select * from users where name = '" + name + "'")
  if (rows.length === 0) return undefined
  return rows[0].password === password ? rows[0] : undefined
}
`,
  'src/db.ts': 'export const db = connect()\n',
  'contracts/Vault.sol': 'contract Vault {}\n',
  'a/util.ts': 'x\n',
  'b/util.ts': 'y\n',
}

function check(finding: object) {
  const whole = { title: 'T', severity: 'high' as const, confidence: 0.5, ...finding }
  const resolved = pathResolver(Object.keys(FILES), true)((finding as { file: string }).file)
  const text = resolved.kind === 'file' ? FILES[resolved.path] : undefined
  const { checks, place, refuted } = checkEvidence(
    whole,
    resolved,
    text === undefined ? undefined : searchedText(text),
  )
  const said = checks.map(({ kind, holds }) => `${holds ? '' : 'no '}${kind}`).join(', ')
  return { said, place, ...(refuted === undefined ? {} : { refuted }) }
}

describe('the evidence of a finding', () => {
  test.each([
    ['const rows = await db.query("select * from users where name = \'" + name + "\'")', 4],
    ['`const rows = await db.query("select * from users where name = \'" + name + "\'")`', 4],
    ['const   rows=await db.query("select * from users\n  where name = \'" + name + "\'")', 4],
    ['4 | const rows = await db.query("select * from users where name = \'" + name', 4],
    [
      '```ts\nif (rows.length === 0) return undefined\nreturn rows[0].password === password\n```',
      5,
    ],
    [
      'export async function login(name: string, password: string) {\n  ...\n  if (rows.length === 0) return undefined',
      3,
    ],
    ['const row = await db.query("select * from users where name = \'" + name + "\'");', 4],
    [
      'The query:\nconst rows = await db.query("select * from users where name = \'" + name\nhttps://host/x',
      4,
    ],
  ])('is found, and its line corrected: %j', (evidence, line) => {
    expect(check({ file: 'src/login.ts', line: 40, evidence })).toEqual({
      said: 'file, line, quote',
      place: { file: 'src/login.ts', line },
    })
  })

  test('leaves a line that is right beside it', () => {
    const evidence = 'if (rows.length === 0) return undefined'
    expect(check({ file: 'src/login.ts', line: 6, evidence }).place).toEqual({
      file: 'src/login.ts',
      line: 6,
    })
  })

  test.each([
    [{ file: 'src/missing.ts' }, 'no file', 'src/missing.ts is not in the workspace.'],
    [
      { file: 'src/db.ts', line: 12 },
      'file, no line',
      'src/db.ts has 1 line, so there is no line 12.',
    ],
    [
      { file: 'src/login.ts', line: 4, evidence: 'eval(request.body.code)' },
      'file, line, no quote',
      'The code it quotes is not in src/login.ts.',
    ],
    [
      { file: 'src/login.ts', line: 4, detail: 'It calls `eval(request.body.code)` at once.' },
      'file, line, no quote',
      'The code it quotes is not in src/login.ts.',
    ],
  ])('is refuted where it is not there: %j', (finding, said, refuted) => {
    expect(check(finding)).toMatchObject({ said, refuted })
  })

  test.each([
    [{ file: 'src/login.ts', line: 4 }, 'file, line'],
    [{ file: 'src/login.ts', evidence: 'It took two seconds for 100 users.' }, 'file'],
    [{ file: 'src/login.ts', evidence: 'Line 12 calls eval(x) (see the log)' }, 'file'],
    [
      { file: 'src/login.ts', evidence: 'login() is called by route(), which is (again) open' },
      'file',
    ],
    [
      {
        file: 'src/login.ts',
        evidence:
          'See https://host/a/b/blob/main/src/db.ts#L1\nconst other = connect(twice, again)',
      },
      'file',
    ],
    [{ file: 'lib/x.ts', evidence: 'https://host/a/b/blob/main/lib/x.ts#L1' }, ''],
    [
      {
        file: 'src/login.ts',
        evidence: '```ts\nit("logs in", () => expect(login()).toBe(1))\n```',
      },
      'file',
    ],
    [{ file: 'src/login.ts', detail: 'Use `db.query(sql, [name])` instead.' }, 'file'],
    [
      { file: 'src/login.ts', detail: 'Sending the payload `"; drop table users; --(x)` ends it.' },
      'file',
    ],
    [{ file: 'src' }, 'file'],
    [{ file: 'src/**/*.ts' }, ''],
    [{ file: 'the login module' }, ''],
    [{ file: 'util.ts' }, ''],
  ])('is neither where there is nothing to look up: %j', (finding, said) => {
    const checked = check(finding)
    expect(checked.said).toBe(said)
    expect(checked).not.toHaveProperty('refuted')
  })

  test.each([
    ['Vault.sol', 'contracts/Vault.sol'],
    ['/home/me/project/src/db.ts', 'src/db.ts'],
    ['./src/db.ts', 'src/db.ts'],
  ])('is looked up in the file that is meant: %s', (file, path) => {
    expect(check({ file }).place).toEqual({ file: path })
  })

  test('of a workspace of which only some files are known is not refuted', () => {
    expect(pathResolver(['a.ts'], false)('b.ts')).toEqual({ kind: 'unclear' })
  })
})

test('the nearest of several places counts', () => {
  const text = searchedText(
    Array.from({ length: 90 }, (_, at) => (at % 30 === 9 ? 'doIt(now, twice)' : `line ${at}`)).join(
      '\n',
    ),
  )
  expect(findQuote('doIt(now, twice)', text, 41)).toBe(40)
  expect(findQuote('doIt(never, twice_or_more)', text, 41)).toBeUndefined()
})

test('a long quotation of a long file takes little time', () => {
  const text = searchedText('x = call(a, b)\n'.repeat(50_000))
  expect(findQuote(`${'x = call(b, a)\n'.repeat(100)}y`, text, 1)).toBeUndefined()
  expect(
    quotesOf({ title: 'T', severity: 'low', confidence: 1, detail: '`'.repeat(50_000) }),
  ).toEqual([])
})
