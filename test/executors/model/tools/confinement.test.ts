import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SECRET, type TrappedWorkspace, trappedWorkspace } from './trapped-workspace.ts'

let base: string
let root: string
let call: TrappedWorkspace['call']
let remove: TrappedWorkspace['remove']

beforeEach(async () => {
  ;({ base, root, call, remove } = await trappedWorkspace(['**']))
})
afterEach(() => remove())

describe('what leads out of the workspace', () => {
  const ESCAPES = [
    '../workspace-neighbour',
    '..',
    'src/../../outside/secret.ts',
    '/etc/passwd',
    'absolute/secret.ts',
    'absolute',
    'src/relative/secret.ts',
    'file-link.ts',
    'circle',
    '.git/config',
    '.git',
    '.GIT/config',
    'harmless/config',
    'harmless',
    'src/\0/../../outside/secret.ts',
    `too/${'long/'.repeat(1_000)}x`,
  ]

  test.each(ESCAPES)('is not read, listed or searched: %j', async (path) => {
    for (const [tool, input] of [
      ['read', { path }],
      ['list', { path }],
      ['grep', { pattern: 'SECRET|root', path }],
      ['glob', { pattern: '*', path }],
    ] as const) {
      const result = await call(tool, input)
      expect(result).not.toContain(SECRET)
      expect(result).not.toMatch(/secret\.ts:\d/)
      expect(result, tool).toMatch(/^Error: /)
      expect(result).not.toContain(base)
    }
  })

  test.each(ESCAPES)('is not written, edited or deleted: %j', async (path) => {
    for (const [tool, input] of [
      ['write', { path, content: 'overwritten' }],
      ['edit', { path, oldText: SECRET, newText: 'overwritten' }],
      ['write', { path: `${path}/new.ts`, content: 'overwritten' }],
    ] as const) {
      expect(await call(tool, input), tool).toMatch(/^Error: /)
    }
    expect(await readFile(join(base, 'outside/secret.ts'), 'utf8')).toBe(`${SECRET}\n`)
    expect(await readFile(join(root, '.git/config'), 'utf8')).toBe(`${SECRET}\n`)
    expect(await readdir(join(base, 'outside'))).toEqual(['secret.ts'])
  })

  test.each([
    'absolute/*.ts',
    'absolute/**',
    'src/relative/*.ts',
    'src/relative/secret.ts',
    '{absolute,src}/secret.ts',
    'file-link.ts',
    'harmless/*',
    '.git/*',
    '.git/config',
    '../outside/*',
    '/etc/*',
  ])('is not found by the glob %j', async (pattern) => {
    expect(await call('glob', { pattern })).toMatch(
      /^(No file matches|Error: A pattern is relative)/,
    )
    expect(await call('grep', { pattern: 'SECRET|root', glob: pattern })).toMatch(
      /^(Nothing matches|Error: A pattern is relative)/,
    )
  })

  test('is not reached by swapping a folder for a link while it is read and written', async () => {
    await mkdir(join(root, 'swap'))
    await writeFile(join(root, 'swap/secret.ts'), 'harmless\n')
    let isSwapping = true
    const swapping = (async () => {
      // A write may make the folder anew at any moment, so each step may find it there or not.
      while (isSwapping) {
        await rename(join(root, 'swap'), join(root, 'kept')).catch(() => {})
        await rm(join(root, 'swap'), { recursive: true, force: true }).catch(() => {})
        await symlink(join(base, 'outside'), join(root, 'swap')).catch(() => {})
        await rm(join(root, 'swap'), { recursive: true, force: true }).catch(() => {})
        await rename(join(root, 'kept'), join(root, 'swap')).catch(() => {})
      }
    })()
    const results: string[] = []
    for (let round = 0; round < 300; round += 1) {
      results.push(
        ...(await Promise.all([
          call('read', { path: 'swap/secret.ts' }),
          call('list', { path: 'swap' }),
          call('write', { path: `swap/new-${round}.ts`, content: 'x' }),
          call('edit', { path: 'swap/secret.ts', oldText: 'harmless', newText: 'harmless' }),
          call('delete', { path: `swap/new-${round}.ts` }),
        ])),
      )
      if (round % 30 === 0) results.push(await call('grep', { pattern: 'SECRET|harmless' }))
    }
    isSwapping = false
    await swapping
    expect(results.join('\n')).not.toContain(SECRET)
    expect(results.some((result) => result.includes('harmless'))).toBe(true)
    expect(await readdir(join(base, 'outside'))).toEqual(['secret.ts'])
    expect(await readFile(join(base, 'outside/secret.ts'), 'utf8')).toBe(`${SECRET}\n`)
  })
})
