import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/main/config.ts'

const withKey = (name: string) =>
  JSON.stringify({ [name]: { command: ['x'], description: 'x', env: { KEY: `\${NO_SUCH}` } } })

describe('an environment that cannot be meant', () => {
  test.each([
    [{ TUTTI_CONCURENCY: '5' }, /TUTTI_CONCURENCY .* did you mean TUTTI_CONCURRENCY\?/],
    [{ TUTTI_WORKSPACE_ROOT: '/tmp' }, /did you mean TUTTI_WORKSPACE_ROOTS\?/],
    [{ TUTTI_MODEL: 'anthropic:claude' }, /TUTTI_MODEL .* has to set ANTHROPIC_API_KEY/],
    [{ TUTTI_MODEL: 'openai:gpt' }, /has to set OPENAI_API_KEY/],
    [{ TUTTI_MODEL: 'local:llama' }, /has to set LOCAL_BASE_URL/],
    [{ TUTTI_MODEL: 'somewhere:else' }, /TUTTI_MODEL .* unknown provider/],
    [{ TUTTI_MODEL: 'llama' }, /TUTTI_MODEL must be provider:model/],
    [{ TUTTI_WORKSPACE_ROOTS: join(tmpdir(), 'no-such-folder') }, /no-such-folder, which is not a/],
    [{ TUTTI_CONCURRENCY: 'many' }, /TUTTI_CONCURRENCY must be a whole number from 1 to 10000/],
    [{ TUTTI_CONCURRENCY: '0' }, /TUTTI_CONCURRENCY must be a whole number from 1 to 10000/],
    [{ LOG_LEVEL: 'loud' }, /LOG_LEVEL must be one of trace, debug, info/],
    [{ TUTTI_COMMANDS: withKey('agent') }, /TUTTI_COMMANDS: agent.env.KEY: NO_SUCH is not set/],
    [
      { TUTTI_RUN: `{"programs":["make"],"env":{"KEY":"\${NO_SUCH}"}}` },
      /TUTTI_RUN: run.env.KEY: NO_SUCH is not set/,
    ],
    [{ HOST: '0.0.0.0' }, /HOST is 0.0.0.0, but without TUTTI_API_KEYS/],
  ])('%o is told in a sentence', (env, sentence) => {
    expect(() => loadConfig(env)).toThrow(sentence)
  })

  test('all problems are reported together', () => {
    const env = { PORT: 'http', LOG_LEVEL: 'loud', TUTTI_CONCURENCY: '5' }
    expect(() => loadConfig(env)).toThrow(/PORT .*\n.*LOG_LEVEL .*\n.*TUTTI_CONCURENCY /)
  })
})

test.each([
  { TUTTI_TEST_SECRET: 'for an MCP server' },
  { TUTTI_URL: 'http://127.0.0.1:3000', TUTTI_API_KEY: 'of the command' },
  { TUTTI_SERVICE_HOST: '10.0.0.1', TUTTI_SERVICE_PORT: '80', TUTTI_PORT: 'tcp://10.0.0.1:80' },
])('variables of others, such as %o, are left alone', (env) => {
  expect(() => loadConfig(env)).not.toThrow()
})

test('programs that models may run are a list, or settings with a list; their variables are filled in', () => {
  const run = (text: string) => loadConfig({ TUTTI_RUN: text, SECRET: 's3cret' }).TUTTI_RUN
  expect(run('npm test, pytest').programs).toEqual(['npm test', 'pytest'])
  expect(run(`{"programs":["make"],"env":{"KEY":"\${SECRET}"}}`).env).toEqual({ KEY: 's3cret' })
  const whole = run(`{"programs":["make"],"env":{"CONFIG":"key=\${SECRET};"}}`)
  expect(whole).toMatchObject({ env: { CONFIG: 'key=s3cret;' }, secrets: ['s3cret'] })
  expect(loadConfig({}).TUTTI_RUN.programs).toEqual([])
})
