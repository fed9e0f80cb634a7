import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { maskLine, maskRanges, maskStrings } from '../../../src/executors/static/secrets/mask.ts'
import { review } from './support.ts'

// Put together here, so that no scanner takes this file for one with secrets in it.
const GITHUB = `ghp_${'a1B2c3D4e5'.repeat(4).slice(0, 36)}`
const NPM = `npm_${'Zz9Yy8Xx7W'.repeat(4).slice(0, 36)}`
const POSTGRES = ['postgres:', '', 'owner:Gr8-Hunter2', '']
  .join('/')
  .replace(/\/$/, '@db.internal:5432/shop')
const { privateKey: KEY } = generateKeyPairSync('rsa', {
  modulusLength: 1_024,
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
})
const SECURITY = { options: { perspective: 'security' } }

describe('secrets in the reviewed files', () => {
  test('are found in every kind of text, and shown nowhere', async () => {
    const files = {
      'src/client.ts': `const client = connect("${GITHUB}")\n`,
      'config/prod.yml': `token: ${NPM}\n`,
      'deploy/.env': `DATABASE_URL=${POSTGRES}\n`,
      'certs/server.key': KEY,
      'src/pass.ts': "const password = 'Tr0ub4dor&3'\n",
      'src/sign.ts':
        "import jwt from 'jsonwebtoken'\nexport const s = (u) => jwt.sign(u, 'sh-very-hidden-1')\n",
    }
    const { output, where } = await review(files, SECURITY)
    expect(where.toSorted()).toEqual([
      'certs/server.key:1',
      'config/prod.yml:1',
      'deploy/.env:1',
      'src/client.ts:1',
      'src/pass.ts:1',
      'src/sign.ts:2',
    ])
    const shown = JSON.stringify(output)
    for (const secret of [
      GITHUB,
      NPM,
      'Gr8-Hunter2',
      KEY.split('\n')[3] ?? KEY,
      'Tr0ub4dor',
      'very-hidden',
    ]) {
      expect(shown).not.toContain(secret)
    }
    expect(output.findings?.find(({ file }) => file === 'src/client.ts')).toMatchObject({
      title: 'GitHub Token in a file',
      severity: 'critical',
      evidence: 'const client = connect("****")',
    })
  })

  test('are not shown by other rules either, whatever the perspective', async () => {
    const { output, ids } = await review(
      {
        'src/a.ts': `export const a = () => JSON.parse(JSON.stringify({ key: "${GITHUB}", password: "Tr0ub4dor&3" }))\n`,
      },
      { options: { perspective: 'performance' } },
    )
    expect(ids).toEqual(['json-clone'])
    expect(output.findings?.[0]?.evidence).toContain('JSON.parse(JSON.stringify({ key: "****"')
    expect(JSON.stringify(output)).not.toMatch(new RegExp(`${GITHUB}|Tr0ub4dor`))
  })

  test('have less weight if they are probably made up', async () => {
    const { output } = await review(
      {
        'src/a.ts': `connect("${GITHUB}")\n`,
        'test/a.test.ts': `test('a', () => { expect(connect("${GITHUB}")).toBe(1) })\n`,
        'README.md': `\`${GITHUB}\`\n`,
        'dev.env': `URL=${POSTGRES.replace('db.internal', 'localhost')}\n`,
      },
      SECURITY,
    )
    expect(output.findings?.map(({ file, severity }) => [file, severity])).toEqual([
      ['src/a.ts', 'critical'],
      ['test/a.test.ts', 'medium'],
      ['README.md', 'low'],
      ['dev.env', 'low'],
    ])
  })
})

describe('masking', () => {
  test.each([
    ["const password = 'hunter22'", "const password = '****'"],
    ['apiKey: "abc\\"def", other: "shown"', 'apiKey: "****", other: "shown"'],
    ['API_TOKEN=abcdefghijk', 'API_TOKEN=****'],
    ["secret: process.env.SECRET ?? 'dev-secret'", "secret: process.env.SECRET ?? '****'"],
    ["fetch('https://me:hunter2@example.org/a')", "fetch('https://me:****@example.org/a')"],
    ["headers.set('a', 'Bearer abcdefghijkl')", "headers.set('a', 'Bearer ****')"],
    ["createHmac('sha256', 'my key')", "createHmac('sha256', '****')"],
    ["const name = 'shown'", "const name = 'shown'"],
  ])('of %s is %s', (line, masked) => {
    expect(maskLine(line)).toBe(masked)
  })

  test('keeps the keys of an object and hides every other text', () => {
    expect(maskStrings(`{ "password": "a", b: c ? 'd' : "e", 'f': \`g\` }`)).toBe(
      `{ "password": "****", b: c ? '****' : "****", 'f': \`****\` }`,
    )
  })

  test('of ranges keeps the number of every line, also where ranges overlap', () => {
    const ranges: [number, number][] = [
      [2, 7],
      [4, 8],
    ]
    expect(maskRanges('a\nbcd\nef\ng', ranges)).toBe('a\n****\n****\ng')
    expect(maskRanges('a\nb', [])).toBe('a\nb')
  })
})
