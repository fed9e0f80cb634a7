import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { parse } from 'yaml'
import { call, finished, type Service, startService } from '../support/service.ts'

interface Message {
  role: string
  content: unknown
}
type Call = [name: string, input: object]

let service: Service
let close: () => void
/** The latest conversation of the repairing task. */
let repairing: Message[] = []

const write = (path: string, content: string): Call => ['write', { path, content }]
const ownTest = (part: string): Call => [
  'run',
  { command: ['node', '--test', `test/${part}.test.js`] },
]
const aTest = (part: string) =>
  `import { test } from 'node:test'\nimport * as part from '../src/${part}.js'\ntest('${part}', () => { if (!part) throw new Error() })\n`

const PARTS: Record<string, string> = {
  passwords: `import { scryptSync } from 'node:crypto'
export const hash = (password) => scryptSync(password, 'salt', 16).toString('hex')
export const matches = (password, known) => hash(password) === known\n`,
  users: `export function createUsers() {
  const users = new Map()
  return {
    add: (user) => users.set(user.email, { ...user }),
    find: (email) => users.get(email),
    setPasswordHash: (email, passwordHash) => { users.get(email).passwordHash = passwordHash },
  }
}\n`,
  sessions: `export const createSessions = () => ({ open: (email) => 'token of ' + email })\n`,
  // Its author has misread the interface, which only the merged files show.
  reset: `import { hash } from './passwords.js'
export const createReset = ({ users }) => ({
  request: (email) => email,
  finish: (token, password) => users.changePassword(token, hash(password)),
})\n`,
  accounts: `import { hash, matches } from './passwords.js'
export const createAccounts = ({ users, sessions }) => ({
  register: (email, password) => users.add({ email, passwordHash: hash(password) }),
  login(email, password) {
    if (!matches(password, users.find(email)?.passwordHash)) throw new Error('wrong password')
    return sessions.open(email)
  },
})\n`,
}

const FLOW = `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAccounts } from '../src/accounts.js'
import { createReset } from '../src/reset.js'
import { createSessions } from '../src/sessions.js'
import { createUsers } from '../src/users.js'
test('a password that was reset', () => {
  const users = createUsers()
  const accounts = createAccounts({ users, sessions: createSessions(Date.now), now: Date.now })
  accounts.register('a@example.com', 'old')
  const reset = createReset({ users, now: Date.now })
  reset.finish(reset.request('a@example.com'), 'new')
  assert.equal(accounts.login('a@example.com', 'new'), 'token of a@example.com')
  assert.throws(() => accounts.login('a@example.com', 'old'))
})\n`

/** What an agent with this prompt calls before it answers. */
function callsOf(prompt: string): Call[] {
  if (prompt.includes('BREAK'))
    return [write('broken.test.js', 'throw new Error("broken on purpose")\n')]
  if (prompt.includes('fails on it')) {
    return [write('src/reset.js', PARTS.reset?.replace('changePassword', 'setPasswordHash') ?? '')]
  }
  if (prompt.includes('Write test/flow.test.js')) return [write('test/flow.test.js', FLOW)]
  const [, part = ''] = /Write src\/(\w+)\.js/.exec(prompt) ?? []
  return [
    write(`src/${part}.js`, PARTS[part] ?? ''),
    write(`test/${part}.test.js`, aTest(part)),
    ownTest(part),
  ]
}

function answer(messages: Message[], response: ServerResponse): void {
  const prompt = JSON.stringify(messages.filter(({ role }) => role === 'user'))
  if (prompt.includes('fails on it')) repairing = messages
  const isFirst = !messages.some(({ role }) => role === 'tool')
  const calls = isFirst ? callsOf(prompt) : []
  const send = (part: object) =>
    response.write(
      `data: ${JSON.stringify({ id: 'a', object: 'chat.completion.chunk', created: 0, model: 'm', ...part })}\n\n`,
    )
  const choice = (delta: object, finish: string | null = null) =>
    send({ choices: [{ index: 0, delta, finish_reason: finish }] })
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  if (calls.length === 0) choice({ content: 'Done.' })
  else {
    const tool_calls = calls.map(([name, input], index) => ({
      index,
      id: `c${index}`,
      type: 'function',
      function: { name, arguments: JSON.stringify(input) },
    }))
    choice({ tool_calls })
  }
  choice({}, calls.length === 0 ? 'stop' : 'tool_calls')
  const usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 }
  send({ choices: [], usage })
  response.end('data: [DONE]\n\n')
}

beforeAll(async () => {
  const server = createServer((request, response) => {
    void text(request).then((raw) =>
      answer((JSON.parse(raw) as { messages: Message[] }).messages, response),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  close = () => {
    server.closeAllConnections()
    server.close()
  }
  const { port } = server.address() as AddressInfo
  service = await startService({
    redisUrl: inject('redisUrl'),
    prefix: 'test-verified',
    env: {
      TUTTI_MODEL: 'local:m',
      LOCAL_BASE_URL: `http://127.0.0.1:${port}/v1`,
      TUTTI_RUN: JSON.stringify({
        programs: ['node --test'],
        readable: [process.execPath],
        env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` },
      }),
    },
  })
})
afterAll(async () => {
  await service.stop()
  close()
})

interface Synthesis {
  summary: string
  findings: { title: string; detail: string; sources: string[]; category?: string }[]
  edits: {
    merged: string[]
    patch: string
    verification: { command: string; status: string; exitCode?: number; output: string }
  }
}
interface Plan {
  id: string
  status: string
  reason?: { code: string; message: string }
}

async function run(body: object): Promise<{ plan: Plan; synthesis: Synthesis }> {
  const url = `${service.url}/v1/plans`
  const submitted = await call<Plan>(url, 'POST', { ...body, synthesis: { executor: 'merge' } })
  expect(submitted.status, JSON.stringify(submitted.body)).toBe(202)
  const { id } = submitted.body
  await finished(service, id)
  const plan = await call<Plan>(`${url}/${id}`)
  const synthesis = await call<Synthesis>(`${url}/${id}/synthesis?wait=20`)
  return { plan: plan.body, synthesis: synthesis.body }
}

test('agents run their tests, the merged files are verified, and what fails there is repaired', async () => {
  const path = join(import.meta.dirname, '../../examples/verified-feature.yaml')
  const { policy: _, ...example } = parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  const { plan, synthesis } = await run(example)
  expect(plan.status, JSON.stringify(plan.reason)).toBe('succeeded')
  const { merged, verification } = synthesis.edits
  expect(merged).toEqual([...Object.keys(PARTS), 'tests', 'repair'])
  expect(verification).toMatchObject({ command: 'node --test', status: 'passed', exitCode: 0 })
  expect(synthesis.summary).toContain('`node --test` passes on the merged edits.')
  expect(synthesis.findings).toEqual([])
  // It was told what failed, on the files of all the others.
  expect(JSON.stringify(repairing)).toContain('users.changePassword is not a function')
}, 120_000)

test('merged edits that fail are a finding with the output, and the plan is partial', async () => {
  const { plan, synthesis } = await run({
    workspace: { files: { 'a.txt': 'a' }, verify: 'node --test' },
    tasks: [{ id: 'one', task: 'BREAK', files: { write: ['*.js'] } }],
  })
  expect(plan).toMatchObject({ status: 'partial', reason: { code: 'edits-not-verified' } })
  expect(synthesis.edits.verification).toMatchObject({ status: 'failed', exitCode: 1 })
  expect(synthesis.findings).toMatchObject([
    {
      title: '`node --test` fails on the merged edits with exit code 1.',
      detail: expect.stringContaining('broken on purpose'),
      category: 'verification',
      sources: ['one'],
    },
  ])
  expect(synthesis.summary).toContain('fails on the merged edits')
}, 120_000)

test.each([
  [{ verify: 'rm -rf x' }, '/workspace/verify', 'must begin with one of: node --test'],
  [{ repair: true }, '/workspace/repair', 'needs `verify`'],
  [{ verify: 'node --test' }, '/workspace/verify', 'no task writes files'],
])('a plan with %o is refused', async (workspace, pointer, detail) => {
  const { status, body } = await call<{ errors: object[] }>(`${service.url}/v1/plans`, 'POST', {
    workspace: { files: { a: 'a' }, ...workspace },
    tasks: [{ task: 'x' }],
  })
  expect(status).toBe(400)
  expect(body.errors).toContainEqual({ pointer, detail: expect.stringContaining(detail) })
})
