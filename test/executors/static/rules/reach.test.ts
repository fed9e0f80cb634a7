import { describe, expect, test } from 'vitest'
import { REACH_RULES } from '../../../../src/executors/static/rules/reach.ts'
import type { SyntaxRule } from '../../../../src/executors/static/rules/rule.ts'
import { hitsIn, testSamples } from './samples.ts'

describe('rules on what a request can reach', () => {
  testSamples(REACH_RULES, {
    'path-traversal': {
      bad: [
        "app.get('/f', (req, res) => res.sendFile(path.join(dir, req.params.name)))",
        `async (request, reply) => { const { file } = request.query; return readFile(\`uploads/\${file}\`) }`,
        "router.get('/f', async (ctx) => { const name = ctx.params.name; return fs.createReadStream(join(root, name)) })",
      ],
      good: [
        "app.get('/f', (req, res) => res.sendFile(path.join(dir, path.basename(req.params.name))))",
        "app.get('/f', (req, res) => res.sendFile(req.params.name, { root: dir }))",
        "app.get('/f', (request, reply) => reply.sendFile(request.params.name))",
        'const config = await readFile(join(dir, name))',
      ],
    },
    'open-redirect': {
      bad: [
        "app.get('/r', (req, res) => res.redirect(req.query.url))",
        "app.get('/r', (req, res) => res.redirect(302, req.query.next || '/'))",
        'async (request, reply) => { const { next } = request.query; return reply.redirect(next) }',
      ],
      good: [
        "app.get('/r', (req, res) => res.redirect('/login'))",
        `app.get('/r', (req, res) => res.redirect(\`/users/\${req.params.id}\`))`,
        `app.get('/r', (req, res) => res.redirect(\`https://example.org/\${req.params.id}\`))`,
        'redirect(target)',
      ],
    },
    'request-forgery': {
      bad: [
        "app.post('/p', async (req, res) => { const page = await fetch(req.body.url) })",
        `app.get('/p', (req, res) => axios.get(\`http://\${req.query.host}/status\`))`,
      ],
      good: [
        `app.get('/p', (req, res) => fetch(\`https://api.example.org/users/\${req.params.id}\`))`,
        `app.get('/p', (req, res) => fetch(\`\${config.apiUrl}/users/\${req.params.id}\`))`,
        'const page = await fetch(url)',
      ],
    },
    'prototype-pollution': {
      bad: [
        "app.post('/s', (req, res) => _.merge(settings, req.body))",
        "import deepmerge from 'deepmerge'\napp.post('/s', (req, res) => { const given = req.body; deepmerge(defaults, given) })",
      ],
      good: [
        '_.merge(settings, defaults)',
        "app.post('/s', (req, res) => merge(req.body))",
        "app.post('/s', (req, res) => _.merge(settings, schema.parse(req.body)))",
      ],
    },
    'property-from-request': {
      bad: [
        "app.post('/s', (req, res) => { store[req.body.group][req.body.key] = req.body.value })",
      ],
      good: [
        "app.post('/s', (req, res) => { store[req.body.key] = 1 })",
        "app.post('/s', (req, res) => { if (!Object.hasOwn(store, req.body.a)) return; store[req.body.a][req.body.b] = 1 })",
        'store[a][b] = 1',
      ],
    },
    'mass-assignment': {
      bad: ["app.put('/u', (req, res) => { Object.assign(user, req.body) })"],
      good: [
        "app.put('/u', (req, res) => { Object.assign(user, { name: req.body.name }) })",
        "app.put('/u', (req, res) => { const copy = Object.assign({}, req.body) })",
        'Object.assign(target, source)',
      ],
    },
  })

  test('a path that is checked nearby is only worth a look', () => {
    const rule = REACH_RULES.find(({ id }) => id === 'path-traversal') as SyntaxRule
    const code = `app.get('/f', (req, res) => {
      const path = resolve(root, req.query.name)
      if (!path.startsWith(root)) return res.sendStatus(403)
      return createReadStream(path).pipe(res)
    })`
    expect(hitsIn(rule, code)).toMatchObject([{ severity: 'low', confidence: 0.3 }])
  })
})
