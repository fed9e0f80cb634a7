import { describe, expect, test } from 'vitest'
import { review } from './support.ts'

const TESTING = { options: { perspective: 'testing' } }
const ARCHITECTURE = { options: { perspective: 'architecture' } }
const code = (name: string, count = 10) =>
  Array.from({ length: count }, (_, i) => `export const ${name}${i} = () => ${i}\n`).join('')
const importing = (...paths: string[]) =>
  `${paths.map((path) => `import '${path}'\n`).join('')}test('a', () => { expect(1 + 1).toBe(2) })\n`

async function untested(files: Record<string, string>): Promise<string[]> {
  const { output } = await review(files, TESTING)
  return (output.findings ?? [])
    .filter(({ detail }) => detail?.includes('[untested-file]'))
    .map(({ file = '' }) => file)
}

describe('files that no test imports', () => {
  test('are found through everything that a test leads to', async () => {
    const files = {
      'src/a.ts': `import { b0 } from './b.js'\n${code('a')}export const c = () => import('./c.ts')\n`,
      'src/b.ts': code('b'),
      'src/c.ts': `const d = require('./d')\n${code('c')}`,
      'src/d/index.ts': `export * from './e.ts'\n`,
      'src/d/e.ts': code('e'),
      'src/alone.ts': code('alone'),
      'src/types.ts':
        'export interface A {\n  b: string\n  c: string\n  d: string\n  e: string\n  f: string\n  g: string\n}\n',
      'test/a.test.ts': importing('../src/a.ts'),
      'test/support.ts': "import '../src/alone.ts'\n",
    }
    expect(await untested(files)).toEqual(['src/alone.ts'])
    const { output } = await review(files, TESTING)
    expect(output.findings).toMatchObject([
      { title: 'No test imports this file', severity: 'low', line: 1 },
    ])
  })

  test('an import of types alone is none', async () => {
    expect(
      await untested({
        'src/a.ts': code('a'),
        'src/b.ts': code('b'),
        'test/a.test.ts': `import type { A } from '../src/a.ts'\nimport { type B } from '../src/b.ts'\n${importing()}`,
      }),
    ).toEqual(['src/a.ts', 'src/b.ts'])
  })

  test('aliases, packages of the workspace and names of files lead to files too', async () => {
    expect(
      await untested({
        'tsconfig.json': '{ // paths\n "extends": "./tsconfig.base.json", }',
        'tsconfig.base.json':
          '{ "compilerOptions": { "paths": { "@core/*": ["./src/core/*"], } } }',
        'package.json': '{ "name": "root", "imports": { "#lib/*": "./src/lib/*.ts" } }',
        'packages/one/package.json': '{ "name": "@x/one", "main": "dist/index.js" }',
        'packages/one/src/index.ts': code('one'),
        'src/core/a.ts': code('a'),
        'src/lib/b.ts': code('b'),
        'src/c.ts': code('c'),
        'src/worker.ts': code('worker'),
        'src/start.ts': `new Worker(new URL('./worker.ts', import.meta.url))\n${code('start')}`,
        'src/plugins/d.ts': code('d'),
        'src/load.ts': `import autoload from '@fastify/autoload'\nregister(autoload, { dir: join(here, 'plugins') })\n${code('load')}`,
        'test/a.test.ts': `${importing('@core/a', '#lib/b', '@x/one', '@/c', '../src/load.ts')}run('src/start.ts')\n`,
      }),
    ).toEqual([])
  })

  test('a folder with many of them is one finding that names them', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 6 }, (_, i) => [`src/api/f${i}.ts`, code('f', 30 + i)]),
    )
    const { output } = await review(
      { ...files, 'src/a.ts': code('a'), 'test/a.test.ts': importing('../src/a.ts') },
      TESTING,
    )
    expect(output.findings).toMatchObject([
      {
        title: 'No test imports 6 of the 6 files in src/api',
        file: 'src/api/f5.ts',
        severity: 'medium',
        detail: expect.stringContaining('f0.ts (30 lines)'),
      },
    ])
  })

  test('tests count wherever they are, also when the task looks at one folder', async () => {
    const files = {
      'src/a.ts': code('a'),
      'src/b.ts': code('b'),
      'lib/c.ts': code('c'),
      'test/a.test.ts': importing('../src/a.ts'),
    }
    const { output } = await review(files, { ...TESTING, files: ['src'] })
    expect(output.findings?.map(({ file }) => file)).toEqual(['src/b.ts'])
  })

  test('a workspace without tests is one finding', async () => {
    const { output } = await review({ 'src/a.ts': code('a'), 'src/b.ts': code('b', 20) }, TESTING)
    expect(output.findings).toMatchObject([
      {
        title: 'No tests',
        severity: 'high',
        file: 'src/b.ts',
        detail: expect.stringContaining('[no-tests]'),
      },
    ])
  })
})

describe('what the imports reveal about the architecture', () => {
  test('a cycle is reported once, with its path', async () => {
    const { output } = await review(
      {
        'src/a.ts': "import { b } from './b.ts'\nexport const a = b\n",
        'src/b.ts': "\nimport { c } from './c.ts'\nexport const b = c\n",
        'src/c.ts': "import { a } from './a.ts'\nexport const c = () => a\n",
        'src/d.ts': "import type { e } from './e.ts'\nexport const d = 1\n",
        'src/e.ts': "import { d } from './d.ts'\nexport const e = d\n",
        'src/f.ts': "export const f = () => import('./g.ts')\n",
        'src/g.ts': "import { f } from './f.ts'\nexport const g = f\n",
      },
      ARCHITECTURE,
    )
    expect(output.findings).toMatchObject([
      {
        title: 'Import cycle of 3 files',
        severity: 'medium',
        file: 'src/a.ts',
        line: 1,
        evidence: 'src/a.ts → src/b.ts → src/c.ts → src/a.ts',
      },
    ])
  })

  test('a file with many dependencies, and one of many lines', async () => {
    const many = Array.from({ length: 30 }, (_, i) => `import './m${i}.ts'\n`).join('')
    const { output } = await review(
      {
        'src/wide.ts': `${many}export const a = 1\n`,
        'src/long.ts': code('a', 900),
        'src/barrel.ts': many.replaceAll('import', 'export * from'),
      },
      ARCHITECTURE,
    )
    expect(output.findings).toMatchObject([
      {
        title: 'File of 900 lines',
        file: 'src/long.ts',
        evidence: '900 lines of code, 900 exports, imported by 0 files',
      },
      { title: 'File with 30 dependencies', file: 'src/wide.ts' },
    ])
  })

  test('a dependency that no package.json declares', async () => {
    const { output } = await review(
      {
        'package.json':
          '{ "name": "x", "dependencies": { "zod": "4" }, "devDependencies": { "@s/c": "1" } }',
        'src/a.ts':
          "import 'zod'\nimport '@s/c/d'\nimport 'node:fs'\nimport 'fs'\nimport 'x'\nimport '@/b'\nimport type { Q } from 'types'\nimport 'lodash/merge'\n",
        'src/b.ts': "import 'lodash'\n",
        'test/a.test.ts': "import 'vitest'\n",
      },
      ARCHITECTURE,
    )
    expect(output.findings).toMatchObject([
      { title: 'Dependency `lodash` is not declared', file: 'src/a.ts', line: 8 },
    ])
  })

  test('without a package.json nothing is said of dependencies', async () => {
    const { ids } = await review({ 'src/a.ts': "import 'lodash'\n" }, ARCHITECTURE)
    expect(ids).toEqual([])
  })
})
