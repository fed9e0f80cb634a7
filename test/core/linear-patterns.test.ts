import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Lang, parse } from '@ast-grep/napi'
import { analyse } from 'scslre'
import { expect, test } from 'vitest'

// A regular expression that goes back over a text from each of its places takes a second for some ten
// thousand characters, and holds up a whole process: outputs, prompts and bodies are of anybody's making.

const ROOT = join(import.meta.dirname, '../..')

interface Pattern {
  source: string
  flags: string
}

function literalsOf(file: string): { line: number; pattern: Pattern }[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  return parse(Lang.TypeScript, text)
    .root()
    .findAll({ rule: { kind: 'regex' } })
    .map((node) => {
      const literal = node.text()
      const end = literal.lastIndexOf('/')
      return {
        line: node.range().start.line + 1,
        pattern: { source: literal.slice(1, end), flags: literal.slice(end + 1) },
      }
    })
}

const isSlow = (pattern: Pattern) => analyse(pattern).reports.length > 0

test('patterns that take forever on some texts are reported', () => {
  expect(isSlow({ source: '^#{1,6}\\s+(.*?)\\s*#*\\s*$', flags: '' })).toBe(true)
  expect(isSlow({ source: '\\s+$', flags: 'u' })).toBe(true)
  expect(isSlow({ source: '(?<!\\s)\\s+$', flags: 'u' })).toBe(false)
})

test('no regular expression goes back over a text from each of its places', () => {
  const files = globSync('src/**/*.ts', { cwd: ROOT }).sort()
  const found = files.flatMap((file) => literalsOf(file).map((literal) => ({ file, ...literal })))
  expect(found.length).toBeGreaterThan(200)
  const slow = found.filter(({ pattern }) => isSlow(pattern))
  expect(slow.map(({ file, line, pattern }) => `${file}:${line} /${pattern.source}/`)).toEqual([])
})

test('nor does one that is put together when a module is loaded', async () => {
  const made: { file: string; pattern: Pattern }[] = []
  const files = globSync('src/{core,executors,http,store,workspace}/**/*.ts', { cwd: ROOT }).filter(
    (file) => readFileSync(join(ROOT, file), 'utf8').includes('new RegExp('),
  )
  const native = globalThis.RegExp
  for (const file of files) {
    globalThis.RegExp = new Proxy(native, {
      construct(target, args: [string | RegExp, string?]) {
        const expression = new target(...args)
        made.push({ file, pattern: expression })
        return expression
      },
    })
    try {
      await import(join(ROOT, file))
    } finally {
      globalThis.RegExp = native
    }
  }
  expect(made.length).toBeGreaterThan(0)
  const slow = made.filter(({ pattern }) => isSlow(pattern))
  expect(slow.map(({ file, pattern }) => `${file} /${pattern.source}/`)).toEqual([])
})
