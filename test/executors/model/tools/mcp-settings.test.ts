import { expect, test } from 'vitest'
import {
  McpSettings,
  resolveMcpServers,
} from '../../../../src/executors/model/tools/mcp-settings.ts'

const ENVIRONMENT = { PATH: '/bin', HOME: '/home/me', TOKEN: 'secret', ANTHROPIC_API_KEY: 'key' }

test('servers are written as other programs take them, with or without mcpServers around', () => {
  const servers = {
    tickets: { type: 'http', url: 'https://mcp.example.com', headers: { a: `Bearer \${TOKEN}` } },
    people: { command: 'node', args: ['server.js'], env: { DATABASE_TOKEN: `\${TOKEN}` } },
    plain: { type: 'stdio', command: 'server' },
  }
  const expected = {
    tickets: { url: 'https://mcp.example.com', headers: { a: 'Bearer secret' } },
    people: {
      command: 'node',
      args: ['server.js'],
      env: { PATH: '/bin', HOME: '/home/me', DATABASE_TOKEN: 'secret' },
    },
    plain: { command: 'server', args: [], env: { PATH: '/bin', HOME: '/home/me' } },
  }
  for (const settings of [servers, { mcpServers: servers }]) {
    expect(resolveMcpServers(McpSettings.parse(settings), ENVIRONMENT)).toEqual(expected)
  }
})

test('every variable that is not set is named, and no value', () => {
  const settings = McpSettings.parse({
    one: { url: 'https://mcp.example.com', headers: { a: `\${TOKEN} \${NOBODY}` } },
    two: { command: 'node', env: { KEY: `\${NOTHING}` } },
  })
  expect(() => resolveMcpServers(settings, ENVIRONMENT)).toThrow(
    'one.headers.a: NOBODY is not set\ntwo.env.KEY: NOTHING is not set',
  )
})

test.each([
  ['neither command nor url', { a: {} }],
  ['both', { a: { command: 'x', url: 'https://example.com' } }],
  ['another protocol', { a: { url: 'file:///etc/passwd' } }],
  ['a name that cannot be told from a tool', { a__b: { command: 'x' } }],
  ['a list', []],
])('refuses %s', (_, settings) => {
  expect(McpSettings.safeParse(settings).success).toBe(false)
})
