import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import {
  type Arrow,
  circlesOf,
  climbing,
  type Floors,
  isIn,
  outsideOf,
  readArrows,
  trespassing,
  written,
} from './read-tree.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** The rooms of core. Each imports from the floors below its own, and from none beside it. */
const CORE: Floors = [
  ['contract', 'timing'],
  ['budget', 'model-gate', 'text'],
  ['ports'],
  ['batch', 'deliver', 'findings', 'preflight', 'read', 'reuse'],
  ['follow', 'merge', 'run', 'submit'],
  ['change', 'export', 'synthesize'],
]

/** Files of `src` itself: the version. */
const OF_SRC = ''

/** What each folder of `src` may import beside itself. */
const SRC: Record<string, string[]> = {
  core: [],
  http: ['core'],
  queue: ['core'],
  store: ['core'],
  executors: ['core'],
  workspace: ['core'],
  metrics: ['core'],
  tracing: ['core'],
  threads: ['core'],
  webhooks: ['core'],
  client: [],
  // `tutti mcp` starts the MCP server.
  cli: ['client', 'mcp', OF_SRC],
  mcp: ['client', OF_SRC],
  [OF_SRC]: [],
  // `tutti start` and the like are commands of `tutti`.
  main: [
    ...['cli', OF_SRC],
    ...['core', 'http', 'queue', 'store', 'executors', 'workspace'],
    ...['metrics', 'tracing', 'threads', 'webhooks'],
  ],
}

/** Packages that compute and nothing else: no files, no network, no framework. */
const CORE_PACKAGES = ['zod', 'fastest-levenshtein', 'safe-stable-stringify', 'lru-cache']
/** What an installation of the client brings with it. */
const CLIENT_PACKAGES = ['eventsource-parser', 'standardwebhooks']

/** Packages that are used in one folder only, so that they can be replaced. */
const HOMES: [packages: RegExp, folders: string[]][] = [
  [/^bullmq$/, ['src/queue']],
  [/^ioredis$/, ['src/store', 'src/queue', 'src/main']],
  [/^(@?fastify)([-/]|$)/, ['src/http', 'src/metrics', 'src/tracing', 'src/main']],
  [/^(ai|@ai-sdk\/.*)$/, ['src/executors']],
  [/^@opentelemetry\//, ['src/tracing']],
  [/^prom-client$/, ['src/metrics']],
]

const arrows = readArrows(ROOT, ['src', 'dashboard/src'])

describe('the imports of the tree, of types too', () => {
  test('were found', () => {
    expect(arrows.length).toBeGreaterThan(1_500)
    expect(arrows.filter(({ from }) => isIn(from, 'dashboard/src')).length).toBeGreaterThan(100)
  })

  test('lead no file back to itself', () => {
    expect(circlesOf(arrows)).toEqual([])
  })

  test('lead down the floors of core', () => {
    expect(climbing(arrows, 'src/core', CORE)).toEqual([])
  })

  test('leave a folder of src only for those that it may know', () => {
    expect(trespassing(arrows, 'src', SRC)).toEqual([])
  })

  test('of core and of the client name few packages', () => {
    const packagesOf = (folder: string) =>
      arrows.filter(({ from, isPackage }) => isPackage && isIn(from, folder))
    const others = [
      ...packagesOf('src/core').filter(({ to }) => !CORE_PACKAGES.includes(to)),
      ...packagesOf('src/client').filter(({ to }) => !CLIENT_PACKAGES.includes(to)),
    ]
    expect(others.map(written)).toEqual([])
  })

  test.each(HOMES)('of %s stay in the folders that speak to it', (packages, folders) => {
    expect(outsideOf(arrows, packages, folders)).toEqual([])
  })

  test('of the dashboard know of the service what its client knows', () => {
    const abroad = arrows.filter(
      ({ from, to, isPackage }) =>
        isIn(from, 'dashboard/src') && !isPackage && !isIn(to, 'dashboard/src'),
    )
    expect(abroad.filter(({ to }) => !isIn(to, 'src/client')).map(written)).toEqual([])
  })
})

test('every folder has its place in the tables', () => {
  const foldersOf = (path: string) =>
    readdirSync(`${ROOT}${path}`, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
  expect(foldersOf('src').filter((folder) => SRC[folder] === undefined)).toEqual([])
  expect(foldersOf('src/core').filter((room) => !CORE.flat().includes(room))).toEqual([])
})

describe('an import that should not be', () => {
  const planted = (from: string, to: string): Arrow => ({
    from,
    to,
    isPackage: !to.includes('.ts'),
  })

  test('closes a circle, however long', () => {
    const circle = [planted('a.ts', 'b.ts'), planted('b.ts', 'c.ts'), planted('c.ts', 'a.ts')]
    expect(circlesOf([planted('a.ts', 'd.ts'), planted('d.ts', 'c.ts')])).toEqual([])
    expect(circlesOf(circle)).toEqual(['a.ts → b.ts → c.ts → a.ts'])
  })

  test('leads up, to the side, or to a room without a floor', () => {
    const forbidden = [
      planted('src/core/contract/task-spec.ts', 'src/core/ports/records.ts'),
      planted('src/core/run/run-unit.ts', 'src/core/submit/submit-plan.ts'),
      planted('src/core/run/run-unit.ts', 'src/core/attic/old.ts'),
    ]
    const allowed = planted('src/core/run/run-unit.ts', 'src/core/ports/queue.ts')
    expect(climbing([allowed, ...forbidden], 'src/core', CORE)).toEqual(forbidden.map(written))
  })

  test('leads from one folder of src to another', () => {
    const forbidden = planted('src/http/app.ts', 'src/store/plan-store.ts')
    const allowed = planted('src/http/app.ts', 'src/core/contract/api.ts')
    expect(trespassing([allowed, forbidden], 'src', SRC)).toEqual([written(forbidden)])
  })

  test('names a package outside its home', () => {
    const forbidden = planted('src/http/app.ts', 'bullmq')
    expect(outsideOf([forbidden], /^bullmq$/, ['src/queue'])).toEqual([written(forbidden)])
  })
})
