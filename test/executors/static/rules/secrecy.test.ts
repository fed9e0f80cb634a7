import { describe, expect, test } from 'vitest'
import type { SyntaxRule } from '../../../../src/executors/static/rules/rule.ts'
import { SECRECY_RULES } from '../../../../src/executors/static/rules/secrecy.ts'
import { hitsIn, testSamples } from './samples.ts'

describe('rules on secrets and cryptography', () => {
  testSamples(SECRECY_RULES, {
    'weak-hash': {
      bad: [
        "const hashPassword = (password) => createHash('md5').update(password).digest('hex')",
        "function sign(text) { return crypto.createHash('sha1').update(text).digest() }",
        "const mark = createHash('md5').update(text).digest('hex')",
      ],
      good: [
        "const mark = createHash('sha256').update(text).digest('hex')",
        "const etag = createHash('md5').update(body).digest('hex')",
        "const cacheKey = createHash('sha1').update(url).digest('hex')",
        "const accept = (key) => createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64')",
      ],
    },
    'weak-cipher': {
      bad: [
        "createCipheriv('des-ede3-cbc', key, iv)",
        "crypto.createCipheriv('aes-128-ecb', key, null)",
        "createCipher('aes192', key)",
      ],
      good: ["createCipheriv('aes-256-gcm', key, nonce)", 'createCipheriv(algorithm, key, nonce)'],
    },
    'insecure-random': {
      bad: [
        'const token = Math.random().toString(36)',
        'function makePassword() { return Math.random().toString(36).slice(2) }',
        'const user = { resetCode: Math.floor(Math.random() * 1e6) }',
      ],
      good: [
        'const jitter = Math.random() * 100',
        'const color = colors[Math.floor(Math.random() * colors.length)]',
        'const token = randomBytes(32)',
      ],
    },
    'jwt-unverified': {
      bad: [
        "import jwt from 'jsonwebtoken'\nconst user = (req) => jwt.decode(req.headers.authorization)",
        "import jwt from 'jsonwebtoken'\nconst user = (token) => jwt.verify(token, key, { algorithms: ['none', 'HS256'] })",
        "import jwt from 'jsonwebtoken'\nconst user = (token) => jwt.verify(token, key, { ignoreExpiration: true })",
      ],
      good: [
        "import jwt from 'jsonwebtoken'\nconst user = (token) => jwt.verify(token, key, { algorithms: ['HS256'] })",
        "import jwt from 'jsonwebtoken'\nconst user = (token) => { const { header } = jwt.decode(token, { complete: true }); return jwt.verify(token, keys[header.kid]) }",
        'const text = decoder.decode(bytes)',
      ],
    },
    'signing-key-in-code': {
      bad: [
        "import jwt from 'jsonwebtoken'\nconst token = jwt.sign({ id }, 'shhhhh')",
        "app.use(session({ secret: 'keyboard cat', resave: false }))",
      ],
      good: [
        "import jwt from 'jsonwebtoken'\nconst token = jwt.sign({ id }, process.env.JWT_KEY)",
        'app.use(session({ secret: config.sessionSecret }))',
      ],
    },
    'credential-in-code': {
      bad: [
        "const password = 'Tr0ub4dor&3'",
        "const client = connect({ host, apiKey: 'k3y-9f8e7d6c5b4a' })",
        "config.dbPassword = 'S3cur3-Passw0rd!'",
      ],
      good: [
        'const password = process.env.PASSWORD',
        "const passwordField = 'user-password-1'",
        "const password = ''",
        "const labels = { password: 'Enter your password', apiKey: 'API key' }",
        "const secretName = 'prod/db/main-1'",
        "const apiKey = 'YOUR-KEY-1234'.trim()",
        "const tokens = { password: 'changeme-123' }",
        "const errors = { password: 'auth.password.too-short' }",
        `const password = \`\${user}-\${suffix}1\``,
        "const apiKeyHeader = 'x-api-key-2'",
      ],
    },
    'timing-unsafe-comparison': {
      bad: [
        "app.use((req, res) => { if (req.headers['x-api-key'] !== config.apiKey) res.sendStatus(401) })",
        "app.post('/hook', (req, res) => { const signature = req.get('x-signature'); return createHmac('sha256', key).update(body).digest('hex') === signature })",
      ],
      good: [
        "app.use((req, res) => { if (req.headers['x-api-key'] === undefined) res.sendStatus(401) })",
        "app.use((req, res) => { if (req.body.token === 'a') next() })",
        'if (signature === other) done()',
      ],
    },
  })

  test('a weak hash of a password is serious, one of anything else is not', () => {
    const rule = SECRECY_RULES.find(({ id }) => id === 'weak-hash') as SyntaxRule
    const ofPassword = "const hash = (password) => createHash('md5').update(password).digest()"
    expect(hitsIn(rule, ofPassword)).toMatchObject([{ severity: 'high' }])
    expect(hitsIn(rule, "const a = createHash('md5').update(b)")[0]?.severity).toBeUndefined()
  })
})
