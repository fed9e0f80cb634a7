import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import openApi from '../../openapi/openapi.json' with { type: 'json' }
import packageJson from '../../package.json' with { type: 'json' }
import { converse, exchangesOf } from '../../script/conversation.ts'
import { SubmitPlan } from '../../src/core/contract/submission.ts'
import { call, type Service, startService } from '../support/service.ts'

const ROOT = join(import.meta.dirname, '../..')
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
const documents = globSync(['*.md', 'docs/**/*.md', 'deploy/**/*.md', 'examples/**/*.md'], {
  cwd: ROOT,
}).map((file) => [file, readFileSync(join(ROOT, file), 'utf8')] as const)

let service: Service
beforeAll(async () => {
  service = await startService({ redisUrl: inject('redisUrl'), prefix: 'test-readme' })
})
afterAll(() => service.stop())

/** Lists that are empty unless the machine is busy. */
const REMARKS = ['stragglers', 'diagnostics']

/** What an answer is made of: its members, and of what type each is. Times may be null. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf)
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'number' ? 'number' : 'text'
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [
      name,
      REMARKS.includes(name) && Array.isArray(entry) ? 'remarks' : shapeOf(entry),
    ]),
  )
}

function parse(answer: string): { head: string[]; body: unknown } {
  const body = answer.slice(answer.indexOf('{'))
  const head = answer.slice(0, answer.indexOf('{')).trim().split('\n')
  return {
    head: head.map((line) => line.replace(/\bp[0-9a-z]{19}\b/, 'ID')),
    body: JSON.parse(body),
  }
}

describe('README', () => {
  // When this fails and the service is right: node script/conversation.ts
  test('shows a conversation that is what really comes back', () => {
    const written = exchangesOf(readme)
    expect(written).toHaveLength(4)
    const real = converse(written, service.url)
    for (const [index, exchange] of real.entries()) {
      const expected = parse(written[index]?.answer ?? '')
      const actual = parse(exchange.answer)
      expect(actual.head).toEqual(expected.head)
      expect(shapeOf(actual.body)).toEqual(shapeOf(expected.body))
    }
    const pick = (exchanges: typeof real, index: number) =>
      parse(exchanges[index]?.answer ?? '').body as Record<string, unknown>
    for (const name of ['status', 'findings', 'actions', 'ledger', 'coverage']) {
      expect(pick(real, 1)[name], name).toEqual(pick(written, 1)[name])
    }
    expect(pick(real, 2)).toEqual(pick(written, 2))
  })

  test('shows a plan that the service takes', () => {
    const section = readme.slice(readme.indexOf('## A plan'))
    const plan: unknown = JSON.parse(/```json\n(?<plan>.*?)```/s.exec(section)?.groups?.plan ?? '')
    expect(SubmitPlan.safeParse(plan).error?.issues ?? []).toEqual([])
  })

  test('lists the executors that the service has', async () => {
    const section = readme.slice(
      readme.indexOf('| executor |'),
      readme.indexOf('GET /v1/executors'),
    )
    const told = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name)
    const { body } = await call<{ items: { name: string }[] }>(`${service.url}/v1/executors`)
    expect(new Set(told)).toEqual(new Set(body.items.map(({ name }) => name)))
  })

  test('lists subcommands that the command has', () => {
    const tutti = join(ROOT, 'bin/tutti.js')
    const help = execFileSync(process.execPath, [tutti, '--help'], { encoding: 'utf8' })
    const commands = new Set([...help.matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name))
    const told = [...readme.matchAll(/`(?:npx )?tutti ([a-z]+)/g)].map(([, name = '']) => name)
    const listed = /`tutti --help` has (?<list>[^.]+)\./.exec(readme)?.groups?.list ?? ''
    told.push(...[...listed.matchAll(/`(\w+)`/g)].map(([, name = '']) => name))
    expect(told.length).toBeGreaterThan(6)
    expect(told.filter((name) => !commands.has(name))).toEqual([])
  })
})

describe('the documents', () => {
  test.each(documents)('%s links to files that there are', (file, text) => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map(
      ([, path = '']) => join(dirname(file), path),
    )
    expect(links.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  test.each(documents)('%s names commands and calls that there are', (file, text) => {
    const scripts = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name)
    expect(scripts.filter((name) => !(name in packageJson.scripts))).toEqual([])
    const programs = [...text.matchAll(/(?<![\w/.])\.?\/?(script\/[\w.-]+)/g)].map(
      ([, path = '']) => path.replace(/\.$/, ''),
    )
    expect(programs.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
    const paths = Object.keys(openApi.paths).map(
      (path) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    )
    const calls = [...text.matchAll(/(\/v1\/[\w{}/-]+)/g)].map(([, path = '']) => path)
    expect(
      calls.filter((path) => !paths.some((known) => known.test(path))),
      file,
    ).toEqual([])
  })
})
