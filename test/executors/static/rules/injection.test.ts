import { describe, expect, test } from 'vitest'
import { INJECTION_RULES } from '../../../../src/executors/static/rules/injection.ts'
import type { SyntaxRule } from '../../../../src/executors/static/rules/rule.ts'
import { hitsIn, testSamples } from './samples.ts'

const CHILD = "import { exec, execFile, execSync, spawn } from 'node:child_process'\n"

describe('rules on injection', () => {
  testSamples(INJECTION_RULES, {
    'sql-injection': {
      bad: [
        `app.get('/u', (req, res) => db.query(\`SELECT * FROM users WHERE id = \${req.query.id}\`))`,
        'function find(name) { return db.query("SELECT * FROM users WHERE name = \'" + name + "\'") }',
        `const load = (id: string) => pool.execute(\`select * from users where id = \${id}\`)`,
        `function remove(id) { const sql = \`DELETE FROM users WHERE id = '\${id}'\`; return run(sql) }`,
        `async (request, reply) => { const { name } = request.body; await prisma.$queryRawUnsafe(\`SELECT id FROM t WHERE n = \${name}\`) }`,
        `const add = (name: string) => db.run(\`INSERT INTO users (name) VALUES ('\${name}')\`)`,
        `const many = (ids: string[]) => db.all(\`SELECT * FROM t WHERE id IN (\${ids.join(',')})\`)`,
      ],
      good: [
        "db.query('SELECT * FROM users WHERE id = ?', [id])",
        `const user = await sql\`SELECT * FROM users WHERE id = \${id}\``,
        `await prisma.$queryRaw\`SELECT * FROM users WHERE id = \${id}\``,
        `db.query(\`SELECT * FROM users WHERE id = \${MAX_ID}\`)`,
        `db.query(\`SELECT * FROM \${table} WHERE id = ?\`, [id])`,
        `db.query(\`SELECT \${columns} FROM users\`)`,
        `db.query(\`SELECT * FROM users WHERE id IN (\${ids.map(() => '?').join(',')})\`, ids)`,
        `throw new Error(\`Select a file from \${folder}\`)`,
        `label.textContent = \`Select one from \${list} where you like\``,
        `logger.info(\`DELETE FROM cache WHERE key = \${key}\`)`,
        `db.query(\`SELECT * FROM users LIMIT \${Number(limit)}\`)`,
        `db.query(\`SELECT * FROM users WHERE name = \${escape(name)}\`)`,
      ],
    },
    'nosql-injection': {
      bad: [
        "app.post('/login', (req, res) => User.findOne(req.body))",
        `const find = (max) => ({ $where: \`this.price < \${max}\` })`,
      ],
      good: [
        'User.findOne({ name: String(req.body.name) })',
        "const query = { $where: 'this.a === this.b' }",
        'items.find((item) => item.id === req.body.id)',
      ],
    },
    'command-injection': {
      bad: [
        `${CHILD}app.get('/p', (req, res) => exec('ping ' + req.query.host))`,
        `${CHILD}const log = (ref: string) => execSync(\`git log \${ref}\`)`,
        `${CHILD}const run = (name: string) => spawn('convert', [name], { shell: true })`,
        `const cp = require('child_process')\nfunction zip(dir) { cp.exec(\`tar czf out.tgz \${dir}\`) }`,
      ],
      good: [
        `${CHILD}execFile('git', ['log', ref])`,
        `${CHILD}execSync('git status')`,
        `${CHILD}execSync(\`git log \${DEFAULT_BRANCH}\`)`,
        `${CHILD}spawn('npm', ['run', 'build'], { shell: true })`,
        `${CHILD}spawn('convert', [name], { shell: false })`,
        `${CHILD}const match = pattern.exec('x' + text)`,
        `const match = exec(\`a \${b}\`)`,
      ],
    },
    'code-evaluation': {
      bad: [
        'const sum = (text) => eval(text)',
        "const compile = (body: string) => new Function('x', body)",
        "import vm from 'node:vm'\nconst run = (code: string) => vm.runInNewContext(code, {})",
      ],
      good: [
        "const load = eval('require')",
        "const here = new Function('return this')()",
        'page.evaluate(script)',
        'const f = Function.prototype',
      ],
    },
    'unsafe-deserialization': {
      bad: [
        "const serialize = require('node-serialize')\nconst load = (text) => serialize.unserialize(text)",
        'libxml.parseXmlString(text, { noent: true })',
      ],
      good: ['libxml.parseXmlString(text, { noent: false })', 'const value = JSON.parse(text)'],
    },
    'regex-from-request': {
      bad: [
        "app.get('/s', (req, res) => list.filter((name) => new RegExp(req.query.q).test(name)))",
        'async (request, reply) => { const { pattern } = request.query; return RegExp(pattern) }',
      ],
      good: [
        "const pattern = new RegExp('^a')",
        'const pattern = new RegExp(config.pattern)',
        'app.get("/s", (req, res) => new RegExp(escapeRegExp(req.query.q)))',
      ],
    },
  })

  test('what comes from a request is critical, what only may be built from values is not', () => {
    const rule = INJECTION_RULES.find(({ id }) => id === 'sql-injection') as SyntaxRule
    const sent = hitsIn(
      rule,
      `app.get('/u', async (req, res) => { const id = req.params.id; const sql = \`SELECT a FROM b WHERE c = '\${id}'\`; await db.query(sql) })`,
    )
    const built = hitsIn(rule, `const f = (id) => db.query(\`SELECT a FROM b WHERE c = '\${id}'\`)`)
    expect(sent).toMatchObject([{ severity: 'critical', confidence: 0.95 }])
    expect(built.map(({ severity }) => severity)).toEqual([undefined])
  })

  test('text that its author marked as known to a linter is less severe', () => {
    const rule = INJECTION_RULES.find(({ id }) => id === 'code-evaluation') as SyntaxRule
    const code =
      '// eslint-disable-next-line no-new-func\nconst compile = (body) => new Function(body)'
    expect(hitsIn(rule, code)).toMatchObject([{ severity: 'medium', line: 2 }])
  })
})
