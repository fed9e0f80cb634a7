import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { exampleFile, variables, withTable } from '../../script/configuration.ts'
import { loadConfig } from '../../src/main/config.ts'

const ROOT = join(import.meta.dirname, '../..')

// When one of these fails: node script/configuration.ts
describe('the documented configuration', () => {
  test('the table is that of the service', () => {
    const page = readFileSync(join(ROOT, 'docs/configuration.md'), 'utf8')
    expect(withTable(page)).toBe(page)
  })

  test('.env.example is that of the service', () => {
    expect(readFileSync(join(ROOT, '.env.example'), 'utf8')).toBe(exampleFile())
  })

  test('every variable says what it means', () => {
    for (const { name, description } of variables()) {
      expect(description, name).toMatch(/\.$/)
    }
  })

  test('the documented defaults are those that the service takes', () => {
    const documented = Object.fromEntries(
      exampleFile()
        .split('\n')
        .flatMap((line) => {
          const [, name, value] = /^(?:# )?([A-Z_]+)=(.*)$/.exec(line) ?? []
          return name === undefined ? [] : [[name, value]]
        }),
    )
    expect(loadConfig(documented)).toEqual(loadConfig({}))
  })

  test.each([
    ['TUTTI_CORS_ORIGINS', '*'],
    ['TUTTI_CORS_ORIGINS', 'null'],
    ['TUTTI_CORS_ORIGINS', 'https://app.example/'],
    ['TUTTI_CORS_ORIGINS', 'https://app.example,app.example'],
    ['TUTTI_GIT_SCHEMES', 'ext'],
    ['TUTTI_GIT_SCHEMES', 'https,git+ssh'],
    ['TUTTI_GIT_SCHEMES', ','],
    ['TUTTI_GIT_HOSTS', 'http://x/y'],
    ['TUTTI_GIT_HOSTS', 'github.com/owner'],
    ['TUTTI_GIT_HOSTS', '*.example'],
    ['TUTTI_GIT_HOSTS', 'git.example:99999'],
    ['TUTTI_GIT_CREDENTIALS', 'main@https://git.example/x=secret'],
    ['LOCAL_BASE_URL', 'ftp://models.example'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'file:///tmp/spans'],
  ])('%s cannot be %s', (name, value) => {
    expect(() => loadConfig({ [name]: value })).toThrow(name)
    expect(() => loadConfig({ [name]: value })).not.toThrow('secret')
  })

  test('hosts, schemes and origins are taken as people write them', () => {
    const config = loadConfig({
      TUTTI_GIT_HOSTS: 'GitHub.com, git.example:8443, 127.0.0.1:3000, [::1]:80',
      TUTTI_GIT_SCHEMES: 'https, ssh',
      TUTTI_CORS_ORIGINS: 'https://app.example, http://localhost:5173',
    })
    expect(config.TUTTI_GIT_HOSTS).toEqual([
      ...['github.com', 'git.example:8443', '127.0.0.1:3000', '[::1]:80'],
    ])
    expect(config.TUTTI_GIT_SCHEMES).toEqual(['https', 'ssh'])
    expect(config.TUTTI_CORS_ORIGINS).toEqual(['https://app.example', 'http://localhost:5173'])
  })

  test.each(['10.0.0.0/33', 'localhost', '10.0.0.1/', '::1/129'])(
    'webhooks cannot be allowed to go to %s, which is no address or range',
    (text) => {
      const load = () => loadConfig({ TUTTI_WEBHOOK_ALLOW: `127.0.0.1,fd00::/8,${text}` })
      expect(load).toThrow('TUTTI_WEBHOOK_ALLOW')
    },
  )

  test('the command in .env.example makes an entry for TUTTI_API_KEYS', () => {
    const command = exampleFile().match(/^# {3}(key=.*)$/m)?.[1] ?? ''
    const [key, entry = ''] = execFileSync('bash', ['-c', command], { encoding: 'utf8' }).split(
      '\n',
    )
    expect(key).toMatch(/^[0-9a-f]{48}$/)
    expect(loadConfig({ TUTTI_API_KEYS: entry }).TUTTI_API_KEYS.size).toBe(1)
  })
})
