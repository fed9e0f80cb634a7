import { posix } from 'node:path'
import type { Hit, RuleText } from '../findings.ts'
import { type ImportGraph, reachable, type SourceNode } from './graph.ts'
import { shortList } from './structure-hits.ts'

const TESTING = { perspectives: ['testing'], category: 'testing' } as const

const LARGE_LINES = 150
/** More untested files than this in one folder become one finding. */
const MAX_FILES_EACH = 4

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

/** What starts a program is run as a whole, rarely imported. */
const ENTRY =
  /(?:^|\/)(?:index|main|cli|bin|server|serve|app|start|worker|entry|instrumentation|bootstrap)\.[cm]?[jt]sx?$|(?:^|\/)bin\//

export function untestedHits(graph: ImportGraph): Hit[] {
  const sources = [...graph.values()].filter(
    ({ role, runs, generated }) => role === 'source' && runs && !generated,
  )
  const selected = sources.filter((node) => node.selected)
  const tests = [...graph.values()].filter(({ role }) => role === 'test').map(({ path }) => path)
  if (selected.length === 0) return []
  if (tests.length === 0) {
    const largest = selected.toSorted(bySize)[0] as SourceNode
    return [
      {
        rule: NO_TESTS,
        file: largest.path,
        line: 1,
        evidence: `${sources.length} source files, no test file; the largest is ${largest.path}`,
      },
    ]
  }
  const tested = reachable(graph, tests)
  const untested = selected.filter(({ path }) => !tested.has(path))
  const folders = Map.groupBy(untested, ({ path }) => posix.dirname(path))
  return [...folders].flatMap(([folder, files]) =>
    files.length > MAX_FILES_EACH ? [folderHit(folder, files, selected)] : files.map(fileHit),
  )
}

function fileHit(node: SourceNode): Hit {
  const isLarge = node.codeLines >= LARGE_LINES && !ENTRY.test(node.path)
  return {
    rule: UNTESTED,
    file: node.path,
    line: 1,
    evidence: `${node.codeLines} lines of code, reached from no test`,
    ...(isLarge && { severity: 'medium' as const }),
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
  const inFolder = selected.filter(({ path }) => posix.dirname(path) === folder).length
  const place = folder === '.' ? 'the top folder' : folder
  return {
    rule: UNTESTED,
    file: largest.path,
    line: 1,
    title: `No test imports ${files.length} of the ${inFolder} files in ${place}`,
    evidence: `${files.length} files of ${files.reduce((sum, { codeLines }) => sum + codeLines, 0)} lines of code, reached from no test`,
    detail: `No test file reaches them through imports, so no test runs them, unless one starts them in a way that the code does not show: ${shortList(
      files.map(({ path, codeLines }) => `${posix.basename(path)} (${codeLines} lines)`),
      30,
    )}.`,
    severity: 'medium',
  }
}

function bySize(a: SourceNode, b: SourceNode): number {
  return b.codeLines - a.codeLines || (a.path < b.path ? -1 : 1)
}
