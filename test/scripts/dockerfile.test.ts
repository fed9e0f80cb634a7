import { spawn } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Cmd, DockerfileParser, type Entrypoint, type JSONInstruction } from 'dockerfile-ast'
import { validate } from 'dockerfile-utils'
import picomatch from 'picomatch'
import { describe, expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }

const ROOT = join(import.meta.dirname, '../..')
const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
const dockerfile = DockerfileParser.parse(text)
const instructions = dockerfile.getInstructions()
const argumentsOf = (keyword: string) =>
  instructions
    .filter((instruction) => instruction.getKeyword() === keyword)
    .map((instruction) => instruction.getArguments().map((argument) => argument.getValue()))

/** The words of an instruction in exec form. */
function wordsOf(instruction: JSONInstruction | null | undefined): string[] {
  return (instruction?.getJSONStrings() ?? []).map((word) => JSON.parse(word.getValue()) as string)
}

function healthCheck(): string[] {
  const words = /^HEALTHCHECK[^[]*CMD (?<words>\[.*\])$/m.exec(text)?.groups?.words
  return JSON.parse(words ?? '[]') as string[]
}

function find<T>(keyword: string): T | undefined {
  return instructions.find((instruction) => instruction.getKeyword() === keyword) as T | undefined
}

describe('the image', () => {
  test('follows the syntax of Docker', () => {
    expect(validate(text)).toEqual([])
  })

  test('is made from one exact version of Node', () => {
    const images = dockerfile.getFROMs().map((from) => from.getImage())
    expect(new Set(images)).toEqual(new Set(['node:24.21.0-bookworm-slim']))
    expect(packageJson.devDependencies.node).toBe('24.21.0')
  })

  test('runs as an ordinary user, whose the data directory is', () => {
    expect(argumentsOf('USER')).toEqual([['node']])
    expect(text).toContain('-o node -g node /data')
  })

  test('runs Node without a shell or npm between, so that SIGTERM reaches it', () => {
    expect(wordsOf(find<Entrypoint>('ENTRYPOINT'))).toEqual(['tini', '--'])
    const [program, file = ''] = wordsOf(find<Cmd>('CMD'))
    expect(program).toBe('node')
    expect(existsSync(join(ROOT, file))).toBe(true)
  })

  test('copies nothing that is missing or kept out by .dockerignore', () => {
    const sent = sentToDocker()
    const copied = argumentsOf('COPY').flatMap((words) => words.slice(0, -1))
    const sources = copied.filter((source) => !source.startsWith('/'))
    expect(sources.length).toBeGreaterThan(5)
    for (const source of sources) {
      const clean = source.replace(/^\.\//, '')
      expect(sent.some((file) => file === clean || file.startsWith(`${clean}/`))).toBe(true)
    }
    expect(
      sent.filter((file) => /(^|\/)(\.env|\.tutti|node_modules|\.git)(\/|$)/.test(file)),
    ).toEqual([])
  })

  test('holds every package that the service imports', () => {
    const packages = new Set(Object.keys(packageJson.dependencies))
    const imported = new Set<string>()
    for (const file of globSync('src/**/*.ts', { cwd: ROOT })) {
      const code = readFileSync(join(ROOT, file), 'utf8')
      // Types are gone at run time.
      for (const [, specifier = ''] of code.matchAll(
        /^(?:import (?!type)|export )[^;]*?from '([^'.][^']*)'|^import '([^'.][^']*)'/gm,
      )) {
        if (specifier.startsWith('node:') || specifier === '') continue
        imported.add(
          specifier
            .split('/')
            .slice(0, specifier.startsWith('@') ? 2 : 1)
            .join('/'),
        )
      }
    }
    expect(imported.size).toBeGreaterThan(10)
    expect([...imported].filter((name) => !packages.has(name))).toEqual([])
  })

  test('is healthy while /livez answers, and not when it fails or nothing listens', async () => {
    const [program = '', ...rest] = healthCheck()
    const check = (port: number) =>
      new Promise((resolve) => {
        const env = { PATH: process.env.PATH ?? '', PORT: `${port}` }
        spawn(program, rest, { env, stdio: 'ignore' }).once('exit', resolve)
      })
    let status = 200
    const paths: (string | undefined)[] = []
    const server = createServer((request, response) => {
      paths.push(request.url)
      response.writeHead(status).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    expect(await check(port)).toBe(0)
    status = 503
    expect(await check(port)).toBe(1)
    await new Promise((resolve) => server.close(resolve))
    expect(await check(port)).toBe(1)
    expect(paths).toEqual(['/livez', '/livez'])
  })
})

/** The files of the build context, as the lines of .dockerignore say: the last that matches decides. */
function sentToDocker(): string[] {
  const rules = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const pattern = line.replace(/^!/, '')
      return {
        keeps: line.startsWith('!'),
        matches: picomatch([pattern, `${pattern}/**`], { dot: true }),
      }
    })
  const files = globSync('{*,.*,{dashboard,src,openapi,schemas,test}/**/*}', { cwd: ROOT })
  return files.filter((file) => rules.findLast(({ matches }) => matches(file))?.keeps ?? true)
}
