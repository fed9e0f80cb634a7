import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { TaskState } from '@a2a-js/sdk'
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../../src/main/config.ts'
import { aContext, aRequest } from '../requests.ts'
import { anExecutor, aRemoteAgent, type Turn, text } from './remote-agent.ts'

const SECRET = `s3cret${'-of-the-agent'}`
const authorization = `Bearer \${REVIEWER_TOKEN}`

const works = ({ artifact, status }: Turn) => {
  artifact('result', [text('Done.')])
  status(TaskState.TASK_STATE_COMPLETED)
}

async function agentFor(
  act: Parameters<typeof aRemoteAgent>[0],
  options: Parameters<typeof aRemoteAgent>[1] = {},
) {
  const agent = await aRemoteAgent(act, options)
  onTestFinished(() => agent.close())
  return agent
}

test('agents are read from the variable or from a file, with the variables that their headers name', async () => {
  const agents = {
    reviewer: { url: 'https://a.example', description: 'R.', headers: { authorization } },
  }
  const json = JSON.stringify(agents)
  const folder = await mkdtemp(join(tmpdir(), 'tutti-agents-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'agents.json')
  await writeFile(file, json)
  for (const TUTTI_AGENTS of [json, file]) {
    const config = loadConfig({ TUTTI_AGENTS, REVIEWER_TOKEN: SECRET })
    expect(config.TUTTI_AGENTS.reviewer?.headers).toEqual({ authorization: `Bearer ${SECRET}` })
  }
})

test.each([
  [
    'a variable that is not set',
    { headers: { authorization } },
    {},
    /reviewer\.headers\.authorization: REVIEWER_TOKEN is not set/,
  ],
  [
    'a value that no header can hold',
    { headers: { authorization } },
    { REVIEWER_TOKEN: `${SECRET}\nx: y` },
    /reviewer\.headers\.authorization: is not a valid header value/,
  ],
  [
    'credentials in the address',
    { url: `https://me:${SECRET}@a.example` },
    {},
    /must not hold credentials/,
  ],
  ['an address of another kind', { url: 'file:///etc/passwd' }, {}, /reviewer\.url/],
  ['an origin that is none', { origins: ['https://a.example/path'] }, {}, /must be an origin/],
])(
  'a process does not start with %s, and the message holds no secret',
  (_, more, environment, message) => {
    const agents = { reviewer: { url: 'https://a.example', description: 'R.', ...more } }
    const load = () => loadConfig({ TUTTI_AGENTS: JSON.stringify(agents), ...environment })
    expect(load).toThrow(message)
    expect(load).toThrow(/TUTTI_AGENTS/)
    expect(load).not.toThrow(SECRET)
  },
)

test.each(['JSONRPC', 'HTTP+JSON'] as const)(
  'headers go with every request, by %s',
  async (transport) => {
    const agent = await agentFor(works, { transport, streaming: false })
    const reviewer = {
      url: agent.url,
      description: 'R.',
      headers: { authorization, 'X-Team': 'core' },
    }
    const executor = anExecutor(agent.url, { reviewer }, { REVIEWER_TOKEN: SECRET })
    await executor.execute(aRequest(), aContext())
    expect(agent.requests.length).toBeGreaterThan(1)
    for (const { headers } of agent.requests) {
      expect(headers).toMatchObject({ authorization: `Bearer ${SECRET}`, 'x-team': 'core' })
    }
  },
)

test("no secret appears in descriptions or in an agent's failure", async () => {
  const agent = await agentFor(({ headers, status }) => {
    const token = headers.authorization?.replace('Bearer ', '')
    status(TaskState.TASK_STATE_FAILED, `Refused ${headers.authorization}, that is ${token}.`)
  })
  const reviewer = { url: agent.url, description: 'R.', headers: { authorization } }
  const executor = anExecutor(agent.url, { reviewer }, { REVIEWER_TOKEN: SECRET })
  expect(inspect(executor.describe(), { depth: 10 })).not.toContain(SECRET)
  const failure = await executor.execute(aRequest(), aContext()).catch((error: unknown) => error)
  expect(inspect(failure)).toContain('The agent reviewer failed: Refused')
  expect(inspect(failure, { depth: 10 })).not.toContain(SECRET)
})

test.each(['', '/', '/.well-known/agent-card.json'])(
  'an address is that of a card or of its folder: %j',
  async (path) => {
    const agent = await agentFor(works)
    const executor = anExecutor(`${agent.url}${path}`)
    expect(await executor.execute(aRequest(), aContext())).toMatchObject({ status: 'succeeded' })
  },
)

test('a card is looked for below the whole address', async () => {
  const agent = await agentFor(works)
  const running = anExecutor(`${agent.url}/agents/reviewer`).execute(aRequest(), aContext())
  await expect(running).rejects.toMatchObject({
    code: 'agent-card-invalid',
    message: 'The card of the agent reviewer is not where it should be.',
  })
  expect(agent.requests[0]?.path).toBe('/agents/reviewer/.well-known/agent-card.json')
})

test('a card is read once for many tasks', async () => {
  const agent = await agentFor(works)
  const executor = anExecutor(agent.url)
  await executor.execute(aRequest(), aContext())
  await executor.execute(aRequest(), aContext())
  const cards = agent.requests.filter(({ method }) => method === 'GET')
  expect(cards).toHaveLength(1)
})

test('headers go to no other origin, unless the operator allows it', async () => {
  const other = await agentFor(works)
  const agent = await agentFor(works, { address: `${other.url}/a2a` })
  const reviewer = { url: agent.url, description: 'R.', headers: { authorization } }
  const environment = { REVIEWER_TOKEN: SECRET }
  const running = anExecutor(agent.url, { reviewer }, environment).execute(aRequest(), aContext())
  await expect(running).rejects.toMatchObject({
    name: 'PermanentError',
    code: 'agent-card-invalid',
    message: `The card of the agent reviewer names another origin, ${other.url}, which is not allowed.`,
  })
  expect(other.requests).toEqual([])
  const allowed = { reviewer: { ...reviewer, origins: [other.url] } }
  const executor = anExecutor(agent.url, allowed, environment)
  expect(await executor.execute(aRequest(), aContext())).toMatchObject({ status: 'succeeded' })
})

test.each([
  ['no JSON', '<html>', 'The card of the agent reviewer cannot be read.'],
  [
    'an old one with a fault',
    '{"url": "https://a.example", "additionalInterfaces": 7}',
    'The card of the agent reviewer cannot be read.',
  ],
  ['nothing', 'null', 'The card of the agent reviewer is none.'],
  [
    'another thing',
    '{"name": "x"}',
    'The card of the agent reviewer is wrong at supportedInterfaces.',
  ],
  [
    'a transport that is not known here',
    '{"supportedInterfaces": [{"url": "https://a.example", "protocolBinding": "GRPC"}]}',
    'The card of the agent reviewer offers neither JSON-RPC nor HTTP+JSON.',
  ],
])('a card that is %s is told as such', async (_, card, message) => {
  const agent = await agentFor(works, {
    intercept: ({ method }, response, next) => {
      if (method === 'GET') response.type('json').send(card)
      else next()
    },
  })
  const running = anExecutor(agent.url).execute(aRequest(), aContext())
  await expect(running).rejects.toMatchObject({
    name: 'PermanentError',
    code: 'agent-card-invalid',
    message,
  })
})

test.each([
  ['1.0', (url: string) => ({ supportedInterfaces: [{ url, protocolBinding: 'JSONRPC' }] })],
  ['0.3', (url: string) => ({ url, capabilities: null, skills: [{ id: 'x' }] })],
  ['0.2', (url: string) => ({ url, protocolVersion: '0.2.6', capabilities: { streaming: true } })],
])('a card says enough if it says how to call: %s', async (version, cardAt) => {
  const agent = await agentFor(works, {
    legacy: version !== '1.0',
    intercept: ({ method, headers }, response, next) => {
      if (method === 'GET') response.json(cardAt(`http://${headers.host}/a2a`))
      else next()
    },
  })
  const outcome = await anExecutor(agent.url).execute(aRequest(), aContext())
  expect(outcome).toMatchObject({ status: 'succeeded', output: { text: 'Done.' } })
})
