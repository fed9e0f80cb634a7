import { posix } from 'node:path'
import type { Hit, RuleText } from '../findings.ts'
import { type ImportGraph, reachable, type SourceNode } from './graph.ts'
import { shortList } from './structure-hits.ts'

const TESTING = { perspectives: ['testing'], category: 'testing' } as const

/** An untested file with this many lines is a finding of its own. */
const LARGE_LINES = 150
/** A file with fewer lines is not worth mentioning. */
const TINY_LINES = 8
/** The rest is reported by folder, in at most about this many findings. */
const MAX_FOLDERS = 8

const UNTESTED: RuleText = {
  ...TESTING,
  id: 'untested-file',
  severity: 'low',
  confidence: 0.75,
  title: 'No test imports this file',
  detail:
    'No test file reaches it through imports, so no test runs it, unless one starts it in a way that the code does not show.',
  recommendation: 'Test what its users rely on, directly or through a file that uses it.',
}

const NO_TESTS: RuleText = {
  ...TESTING,
  id: 'no-tests',
  severity: 'high',
  confidence: 0.85,
  title: 'No tests',
  detail: 'No file of the workspace registers tests in TypeScript or JavaScript.',
  recommendation:
    'Begin with tests of what would hurt most if it broke, through the interface that its users call.',
}

export const COVERAGE_RULES: readonly RuleText[] = [UNTESTED, NO_TESTS]

/** Entry points are run as a whole and rarely imported. */
const ENTRY =
  /(?:^|\/)(?:index|main|cli|bin|server|serve|app|start|worker|entry|instrumentation|bootstrap)\.[cm]?[jt]sx?$|(?:^|\/)bin\//

export function untestedHits(graph: ImportGraph): Hit[] {
  const sources = [...graph.values()].filter(
    ({ role, runs, generated, codeLines }) =>
      role === 'source' && runs && !generated && codeLines >= TINY_LINES,
  )
  const selected = sources.filter((node) => node.selected)
  if (selected.length === 0) return []
  const tests = [...graph.values()].filter(({ role }) => role === 'test').map(({ path }) => path)
  if (tests.length === 0) return [noTestsHit(selected, sources.length)]
  const tested = reachable(graph, tests)
  const untested = selected.filter(({ path }) => !tested.has(path))
  const isOwn = ({ codeLines, path }: SourceNode) => codeLines >= LARGE_LINES && !ENTRY.test(path)
  const folders = groupByFolder(untested.filter((node) => !isOwn(node)))
  return [
    ...untested.filter(isOwn).map((node) => ({ ...fileHit(node), severity: 'medium' as const })),
    ...[...folders].flatMap(([folder, files]) =>
      files.length < 3 ? files.map(fileHit) : [folderHit(folder, files, selected)],
    ),
  ]
}

/** Groups files by folder, or by parent folders if there are too many. */
function groupByFolder(files: readonly SourceNode[]): Map<string, SourceNode[]> {
  const deepest = Math.max(0, ...files.map(({ path }) => path.split('/').length - 1))
  for (let depth = deepest; depth > 1; depth -= 1) {
    const groups = groupByDepth(files, depth)
    if (groups.size <= MAX_FOLDERS) return groups
  }
  return groupByDepth(files, 1)
}

function groupByDepth(files: readonly SourceNode[], depth: number): Map<string, SourceNode[]> {
  return Map.groupBy(files, ({ path }) => path.split('/').slice(0, -1).slice(0, depth).join('/'))
}

function noTestsHit(selected: readonly SourceNode[], sourceCount: number): Hit {
  const { path } = selected.toSorted(bySize)[0] as SourceNode
  const evidence = `${sourceCount} source ${sourceCount === 1 ? 'file' : 'files'}, no test file; the largest is ${path}`
  return { rule: NO_TESTS, file: path, line: 1, evidence }
}

function fileHit(node: SourceNode): Hit {
  return {
    rule: UNTESTED,
    file: node.path,
    line: 1,
    evidence: `${node.codeLines} lines of code, reached from no test`,
    ...(ENTRY.test(node.path) && {
      confidence: 0.5,
      detail:
        'No test file reaches it through imports. It looks like an entry point: a test that starts it as a program may cover it.',
    }),
  }
}

function folderHit(
  folder: string,
  files: readonly SourceNode[],
  selected: readonly SourceNode[],
): Hit {
  const [largest] = files.toSorted(bySize) as [SourceNode]
  const inFolder = selected.filter(({ path }) => folder === '' || path.startsWith(`${folder}/`))
  const lines = files.reduce((sum, { codeLines }) => sum + codeLines, 0)
  const names = files
    .toSorted(bySize)
    .map(({ path, codeLines }) => `${posix.relative(folder, path)} (${codeLines} lines)`)
  return {
    rule: UNTESTED,
    file: largest.path,
    line: 1,
    title: `No test imports ${files.length} of the ${inFolder.length} files in ${folder === '' ? 'the workspace' : folder}`,
    evidence: `${files.length} files, ${lines} lines of code, reached from no test`,
    detail: `No test file reaches them through imports, so no test runs them, unless one starts them in a way that the code does not show: ${shortList(names, 20)}.`,
    ...(lines >= LARGE_LINES && { severity: 'medium' as const }),
  }
}

function bySize(a: SourceNode, b: SourceNode): number {
  return b.codeLines - a.codeLines || (a.path < b.path ? -1 : 1)
}
