import { describe, expect, test } from 'vitest'
import { LOOP_RULES } from '../../../../src/executors/static/rules/loops.ts'
import { PERFORMANCE_RULES } from '../../../../src/executors/static/rules/performance.ts'
import { REGEX_RULES } from '../../../../src/executors/static/rules/regex.ts'
import type { SyntaxRule } from '../../../../src/executors/static/rules/rule.ts'
import { hitsIn, testSamples } from './samples.ts'

describe('rules on performance', () => {
  testSamples([...LOOP_RULES, ...PERFORMANCE_RULES, ...REGEX_RULES], {
    'await-in-loop': {
      bad: [
        'async () => { const out = []; for (const id of ids) out.push(await load(id)) }',
        'async () => { for (const url of urls) { await fetch(url) } }',
        'async () => { for (let i = 0; i < ids.length; i++) { out[i] = await load(ids[i]) } }',
        'async () => { for (const id of ids) { const item = await load(id); found.set(id, item) } }',
      ],
      good: [
        'async () => { for await (const id of ids) out.push(await load(id)) }',
        'async () => { for (const id of ids) { const found = await load(id); if (found) return found } }',
        'async () => { for (let attempt = 0; attempt < 3; attempt++) { out.push(await load(attempt)) } }',
        'async () => { for (const id of ids) { last = await load(id, last); out.push(last) } }',
        'async () => { // in order, because each builds on the one before\n for (const id of ids) out.push(await load(id)) }',
        'async () => { for (const id of ids) await remove(id) }',
        'async () => { await Promise.all(ids.map((id) => load(id))) }',
        'for (const id of ids) tasks.push(async () => { out.push(await load(id)) })',
        'async () => { while (true) { out.push(await next()) } }',
      ],
    },
    'query-in-loop': {
      bad: [
        'async () => { for (const post of posts) { post.author = await User.findByPk(post.authorId) } }',
        'async () => { for (const id of ids) { const row = await db.query(sql, [id]); use(row) } }',
        'const all = () => Promise.all(posts.map((post) => prisma.user.findUnique({ where: { id: post.authorId } })))',
      ],
      good: [
        'const rows = await db.query(sql, [ids])',
        'for (const root of roots) { const found = root.findAll(pattern) }',
        'async () => { for (const page of pages) { await db.query(sql, [page]) } }',
        'async () => { // one at a time: the order matters\n for (const step of steps) await db.execute(step) }',
        'const open = list.map((item) => items.find((other) => other.id === item.id))',
      ],
    },
    'blocking-call-in-handler': {
      bad: [
        "app.get('/f', (req, res) => { res.send(readFileSync('a.txt')) })",
        "app.post('/login', async (req, res) => { const hash = crypto.pbkdf2Sync(req.body.password, salt, 1e5, 64, 'sha512') })",
        'const handler = (request, reply) => { execSync("ls"); reply.send() }',
        'export async function GET(request: Request) { return new Response(readFileSync("a")) }',
      ],
      good: [
        "const page = readFileSync('a.txt')\napp.get('/f', (req, res) => { res.send(page) })",
        "app.get('/f', async (req, res) => { res.send(await readFile('a.txt')) })",
        'export function loadConfig(path: string) { return readFileSync(path) }',
      ],
    },
    'json-clone': {
      bad: ['const copy = JSON.parse(JSON.stringify(value))'],
      good: ['const copy = structuredClone(value)', 'const value = JSON.parse(text)'],
    },
    'unbounded-parallelism': {
      bad: [
        "app.post('/b', async (req, res) => { await Promise.all(req.body.urls.map((url) => load(url))) })",
      ],
      good: [
        'await Promise.all(urls.map((url) => load(url)))',
        "app.post('/b', async (req, res) => { await Promise.all(req.body.urls.slice(0, 10).map(load)) })",
        "app.post('/b', async (req, res) => { await Promise.all([load(req.body.a), load(req.body.b)]) })",
      ],
    },
    'exponential-regex': {
      bad: [
        'const p = /^(a+)+$/',
        'const p = /^([a-zA-Z0-9]+\\s?)*$/',
        "const p = new RegExp('^(\\\\d+)*$')",
        'const p = /(x+x+)+y/',
      ],
      good: [
        'const p = /^[\\w.]+@[\\w.]+\\.\\w+$/',
        'const p = /^(?:\\w+\\.)+\\w+$/',
        'const p = /^\\s*(?:a|b)*\\s*$/',
        'const p = /("(?:\\\\.|[^"\\\\])*")/',
        'const p = new RegExp(text)',
      ],
    },
  })

  test('calls that only look whether a file exists are less severe', () => {
    const rule = PERFORMANCE_RULES.find(({ id }) => id === 'blocking-call-in-handler') as SyntaxRule
    const code = "app.get('/f', (req, res) => { if (existsSync('a')) res.send('a') })"
    expect(hitsIn(rule, code)).toMatchObject([{ severity: 'low' }])
  })

  test('scripts, tests and examples are ignored', () => {
    const rule = PERFORMANCE_RULES.find(({ id }) => id === 'json-clone') as SyntaxRule
    const code = 'const copy = JSON.parse(JSON.stringify(value))'
    expect(hitsIn(rule, code, 'src/tools/copy.ts')).toHaveLength(1)
    for (const path of ['scripts/a.ts', 'test/a.ts', 'src/__mocks__/a.ts', 'vite.config.ts']) {
      expect(hitsIn(rule, code, path)).toEqual([])
    }
  })
})
