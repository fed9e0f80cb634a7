import { execFile } from 'node:child_process'
import { readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { aFolder, aWorkspace, execute, review } from './support.ts'

const CLONE = 'export const a = (b: unknown) => JSON.parse(JSON.stringify(b))\n'

describe('a review of a tree that means harm', () => {
  test('runs nothing of it, whatever its configurations name', async () => {
    const marks = await aFolder()
    const mark = (name: string) =>
      `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(join(marks, name))}, 'ran')\nexport default { meta: { name: 'evil' }, rules: {} }\n`
    const config = JSON.stringify({
      jsPlugins: ['./evil-plugin.mjs', 'evil'],
      extends: ['./evil-base.json'],
      rules: { 'evil/rule': 'error', 'no-debugger': 'off' },
    })
    const root = await aWorkspace({
      'src/a.ts': `debugger\n${CLONE}`,
      '.oxlintrc.json': config,
      'src/.oxlintrc.json': config.replaceAll('./', '../'),
      'oxlint.config.ts': mark('oxlint-config'),
      'oxlintrc.mjs': mark('oxlintrc'),
      'evil-plugin.mjs': mark('plugin'),
      'evil-base.json': JSON.stringify({ jsPlugins: ['./evil-plugin.mjs'] }),
      'eslint.config.js': mark('eslint-config'),
      '.eslintrc.cjs': `require('node:fs').writeFileSync(${JSON.stringify(join(marks, 'eslintrc'))}, 'ran')`,
      '.secretlintrc.js': mark('secretlint'),
      'sgconfig.yml': 'ruleDirs: [.]\ncustomLanguages: { evil: { libraryPath: ./evil.so } }\n',
      'vitest.config.ts': mark('vitest-config'),
      'vite.config.ts': mark('vite-config'),
      'tsconfig.json': JSON.stringify({
        extends: '../../../../etc/passwd',
        compilerOptions: { plugins: [{ name: './evil-plugin.mjs' }] },
      }),
      'package.json': JSON.stringify({
        name: 'evil',
        main: './evil-plugin.mjs',
        type: 'module',
        eslintConfig: { plugins: ['./evil-plugin.mjs'] },
        scripts: {
          prepare: `touch ${join(marks, 'script')}`,
          postinstall: `touch ${join(marks, 'script')}`,
        },
      }),
      'node_modules/oxlint/package.json': '{ "name": "oxlint", "exports": "./index.mjs" }',
      'node_modules/oxlint/index.mjs': mark('oxlint'),
      'node_modules/evil/index.mjs': mark('evil'),
      'node_modules/.bin/oxlint': `#!/bin/sh\ntouch ${join(marks, 'bin')}\n`,
    })
    const { output, status } = await execute(root)
    expect(status).toBe('succeeded')
    expect(await readdir(marks)).toEqual([])
    // Its own configuration would have switched this off.
    expect(output.findings?.map(({ title }) => title)).toContain(
      '`debugger` statement is not allowed',
    )
  })

  test('follows no link, neither to a file nor to a folder, and not by its configuration', async () => {
    const outside = await aWorkspace({
      'a.ts': CLONE,
      'deep/b.ts': CLONE,
      'tsconfig.json': '{ "compilerOptions": { "paths": { "@x/*": ["deep/*"] } } }',
    })
    const root = await aWorkspace({ 'src/own.ts': CLONE })
    await symlink(join(outside, 'a.ts'), join(root, 'src/link.ts'))
    await symlink(outside, join(root, 'src/folder'))
    await symlink(join(root, 'src'), join(root, 'loop'))
    await symlink(join(outside, 'tsconfig.json'), join(root, 'tsconfig.json'))
    const { output } = await execute(root)
    expect(output.findings?.map(({ file }) => file)).toEqual(['src/own.ts'])
    expect(output.text).toContain('Links, which are not followed: 4')
    expect(output.text).not.toContain(outside)
    const asked = await execute(root, { files: ['src/folder/**', 'src/link.ts'] })
    expect(asked).toMatchObject({ status: 'incomplete', reason: { code: 'nothing-to-analyse' } })
  })

  test('opens no pipe, and leaves out what is too large or no text', async () => {
    const root = await aWorkspace({
      'src/a.ts': CLONE,
      'src/large.ts': `${CLONE}${'// a long comment\n'.repeat(70_000)}`,
      'src/binary.ts': `${CLONE}\0`,
    })
    await promisify(execFile)('mkfifo', [join(root, 'src/pipe.ts'), join(root, '.env')])
    const { output, status } = await execute(root, { options: { perspective: 'security' } })
    expect(status).toBe('succeeded')
    expect(output.text).toContain('Larger than 1 MiB: 1 (`src/large.ts`)')
    expect(output.text).toContain('Binary files: 1')
    expect(output.text).toContain('pipes, sockets, devices): 2 (`.env`, `src/pipe.ts`)')
    expect(output.text).toContain('1 TypeScript or JavaScript file')
  })

  test('a folder whose path is too long to be opened is named, the rest is read', async () => {
    const root = await aWorkspace({ 'src/a.ts': CLONE })
    const run = promisify(execFile)
    const descend = 'cd "$0"; for i in $(seq 25); do mkdir "$1"; cd "$1"; done; echo > a.ts'
    onTestFinished(async () => void (await run('rm', ['-rf', root])))
    await run('sh', ['-c', descend, root, 'd'.repeat(200)])
    const { output, status } = await execute(root, { options: { perspective: 'performance' } })
    expect(status).toBe('succeeded')
    expect(output.findings?.map(({ file }) => file)).toEqual(['src/a.ts'])
    expect(output.text).toContain('Not readable: 1')
  })

  test('code nested to exhaust a parser costs itself, not the review', async () => {
    const { output, status } = await review(
      {
        'src/a.ts': CLONE,
        'src/brackets.ts': `const a = ${'[\n'.repeat(100_000)}\n`,
        'src/blocks.ts': 'if (a) {\n'.repeat(30_000),
      },
      { options: { perspective: 'performance' } },
    )
    expect(status).toBe('succeeded')
    expect(output.findings).toMatchObject([{ file: 'src/a.ts' }])
    expect(output.text).toContain(
      'Nested too deeply to be parsed: 2 (`src/blocks.ts`, `src/brackets.ts`)',
    )
  })

  test('a tool that dies leaves the findings of the others, and a review that says so', async () => {
    const sum = `export const a = eval('a' +\n${'1 +\n'.repeat(50_000)}c)\n`
    const outcome = await review(
      { 'src/a.ts': CLONE, 'src/sum.ts': sum },
      { options: { perspective: 'all' } },
    )
    expect(outcome).toMatchObject({ status: 'incomplete', reason: { code: 'tool-failed' } })
    expect(outcome.ids).toContain('json-clone')
    expect(outcome.output.text).toMatch(/\*\*Did not run:\*\* oxlint ended without a result/)
    expect(outcome.output.text).toContain('Nested too deeply to be parsed')
  })

  test('comments in the code switch off rules of oxlint alone, and the text says so', async () => {
    const { ids, output } = await review(
      { 'src/a.ts': `/* eslint-disable */\ndebugger\n${CLONE}` },
      { options: { perspective: 'all' } },
    )
    expect(ids).toEqual(['json-clone'])
    expect(output.text).toContain(
      'Comments that switch off rules of oxlint or secretlint were respected',
    )
  })
})
