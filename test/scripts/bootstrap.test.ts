import { spawnSync } from 'node:child_process'
import {
  accessSync,
  constants,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tutti-bootstrap-'))
  cpSync(join(ROOT, 'script'), join(folder, 'script'), { recursive: true })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the copy of `script/bootstrap` where only these programs are found. */
function bootstrap(programs: string[], ...args: string[]) {
  const path = join(folder, 'bin')
  mkdirSync(path)
  for (const program of [...programs, 'bash', 'dirname', 'mkdir']) {
    const { stdout } = spawnSync('which', [program], { encoding: 'utf8' })
    symlinkSync(stdout.trim(), join(path, program))
  }
  return spawnSync(join(folder, 'script/bootstrap'), args, {
    env: { PATH: path },
    encoding: 'utf8',
  })
}

describe('script/bootstrap', () => {
  test.each([
    ['Node', [], 'bootstrap: Node is missing'],
    ['npm', ['node'], 'bootstrap: npm is missing'],
  ])('says in one sentence that %s is missing', (_, programs, sentence) => {
    const { status, stderr } = bootstrap(programs)
    expect(status).toBe(1)
    expect(stderr).toContain(sentence)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })

  test('says in one sentence what it does not know', () => {
    const { status, stderr } = bootstrap([], '--fast')
    expect(status).toBe(1)
    expect(stderr).toBe('bootstrap: knows only --test, not --fast.\n')
  })
})

describe('whether packages must be installed', () => {
  const write = (path: string, packages: Record<string, object>) =>
    writeFileSync(join(folder, path), JSON.stringify({ packages }))
  const isInstalled = () =>
    spawnSync(process.execPath, [join(folder, 'script/installed.mjs')]).status === 0

  beforeEach(() => {
    mkdirSync(join(folder, 'node_modules'))
    write('package-lock.json', {
      '': { version: '0.1.0' },
      'node_modules/a': { version: '1.0.0' },
      'node_modules/for-another-platform': { version: '1.0.0', optional: true },
    })
  })

  test('not when what is locked is there', () => {
    write('node_modules/.package-lock.json', {
      'node_modules/a': { version: '1.0.0' },
      'node_modules/added-by-hand': { version: '3.0.0' },
    })
    expect(isInstalled()).toBe(true)
  })

  test('when there is nothing, or an install was cut short', () => {
    expect(isInstalled()).toBe(false)
  })

  test('when another version is there', () => {
    write('node_modules/.package-lock.json', { 'node_modules/a': { version: '0.9.0' } })
    expect(isInstalled()).toBe(false)
  })
})

test.each(['script/bootstrap', 'script/demo', 'script/test', '.ci/run', 'examples/curl.sh'])(
  '%s can be run, and is Bash',
  (file) => {
    expect(() => accessSync(join(ROOT, file), constants.X_OK)).not.toThrow()
    const { status, stderr } = spawnSync('bash', ['-n', join(ROOT, file)], { encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(status).toBe(0)
  },
)
