import { isBuiltin } from 'node:module'
import type { Hit, RuleText } from '../findings.ts'
import { type ImportGraph, importCycles, type SourceNode, shortestCycle } from './graph.ts'
import type { Resolver } from './resolve-import.ts'

const ARCHITECTURE = { perspectives: ['architecture'], category: 'architecture' } as const

const MAX_IMPORTS = 25
const LARGE_FILE_LINES = 800
const HUGE_FILE_LINES = 1_500
/** A file that much else depends on counts as too large earlier. */
const CENTRAL_FILE = { lines: 500, importers: 15, exports: 15 }

const CYCLE: RuleText = {
  ...ARCHITECTURE,
  id: 'import-cycle',
  severity: 'medium',
  confidence: 0.9,
  title: 'Import cycle',
  detail:
    'None of these files can be loaded, tested or understood without the others, and which one runs first depends on who imports them.',
  recommendation:
    'Move what they share into a file of its own, or pass it as an argument; an import of types alone should say `import type`.',
}

const TOO_MANY_IMPORTS: RuleText = {
  ...ARCHITECTURE,
  id: 'too-many-imports',
  severity: 'low',
  confidence: 0.6,
  title: 'File with many dependencies',
  detail: `It imports more than ${MAX_IMPORTS} modules, so a change in any of them may reach it. In the file that wires a program together that is its job.`,
  recommendation: 'Split it by what changes together.',
}

const LARGE_FILE: RuleText = {
  ...ARCHITECTURE,
  id: 'large-file',
  severity: 'low',
  confidence: 0.6,
  title: 'Large file',
  detail:
    'Nobody can keep this much in mind, and changes for unrelated reasons end up in the same file.',
  recommendation: 'Split it by reason to change.',
}

const UNDECLARED: RuleText = {
  ...ARCHITECTURE,
  id: 'undeclared-dependency',
  severity: 'medium',
  confidence: 0.8,
  title: 'Dependency that is not declared',
  detail:
    'No package.json above the file names it: it is there by chance, as a dependency of something else, and may go with its next version.',
  recommendation: 'Add it to `dependencies`.',
}

export const GRAPH_RULES: readonly RuleText[] = [CYCLE, TOO_MANY_IMPORTS, LARGE_FILE, UNDECLARED]

export function structureHits(
  graph: ImportGraph,
  resolver: Resolver,
  files: readonly string[],
): Hit[] {
  const sources = [...graph.values()].filter(
    ({ selected, role, generated }) => selected && role === 'source' && !generated,
  )
  return [
    ...cycleHits(graph),
    ...sources.flatMap(importCountHit),
    ...sizeHits(sources, graph),
    ...undeclaredHits(sources, resolver, files),
  ]
}

function cycleHits(graph: ImportGraph): Hit[] {
  return importCycles(graph).flatMap((group) => {
    const start = group
      .map((path) => graph.get(path))
      .find((node) => node?.selected && node.role === 'source')
    if (!start) return []
    const cycle = shortestCycle(graph, group, start.path)
    const line = start.edges.find(({ to, kind }) => to === cycle[1] && kind === 'static')?.line ?? 1
    const title =
      group.length === 1 ? 'File that imports itself' : `Import cycle of ${group.length} files`
    const detail =
      group.length > cycle.length - 1
        ? `${CYCLE.detail} This is the shortest way round; all that reach each other are ${shortList(group, 20)}.`
        : CYCLE.detail
    return [{ rule: CYCLE, file: start.path, line, title, detail, evidence: cycle.join(' → ') }]
  })
}

function importCountHit(node: SourceNode): Hit[] {
  const modules = new Set(
    node.imports.filter(({ kind }) => kind === 'static').map(({ specifier }) => specifier),
  )
  if (!node.runs || modules.size <= MAX_IMPORTS) return []
  const line = node.imports.find(({ kind }) => kind === 'static')?.line ?? 1
  return [
    {
      rule: TOO_MANY_IMPORTS,
      file: node.path,
      line,
      title: `File with ${modules.size} dependencies`,
      evidence: `${modules.size} imported modules`,
    },
  ]
}

function sizeHits(sources: readonly SourceNode[], graph: ImportGraph): Hit[] {
  const importers = new Map<string, number>()
  for (const node of graph.values()) {
    for (const to of new Set(
      node.edges.filter(({ kind }) => kind !== 'mention').map((edge) => edge.to),
    )) {
      importers.set(to, (importers.get(to) ?? 0) + 1)
    }
  }
  return sources.flatMap((node) => {
    const importerCount = importers.get(node.path) ?? 0
    const isCentral =
      node.runs &&
      node.codeLines > CENTRAL_FILE.lines &&
      importerCount >= CENTRAL_FILE.importers &&
      node.exportCount >= CENTRAL_FILE.exports
    if (node.codeLines <= LARGE_FILE_LINES && !isCentral) return []
    const facts = `${node.codeLines} lines of code, ${node.exportCount} exports, imported by ${importerCount} files`
    return [
      {
        rule: LARGE_FILE,
        file: node.path,
        line: 1,
        title: isCentral
          ? `Large file that much depends on (${node.codeLines} lines)`
          : `File of ${node.codeLines} lines`,
        evidence: facts,
        ...(node.codeLines > HUGE_FILE_LINES && {
          severity: 'medium' as const,
          confidence: 0.7,
        }),
      },
    ]
  })
}

/** Modules that an environment provides. */
const GIVEN = new Set(['vscode', 'electron', 'k6', 'obsidian', 'bun', 'server-only', 'client-only'])

function undeclaredHits(
  sources: readonly SourceNode[],
  resolver: Resolver,
  files: readonly string[],
): Hit[] {
  // Deno's import maps, and bundlers that find modules by folder, declare packages elsewhere.
  if (files.includes('deno.json') || files.includes('deno.jsonc')) return []
  const first = new Map<string, { file: string; line: number; files: Set<string> }>()
  for (const node of sources) {
    const packages = resolver.packagesOf(node.path)
    if (packages.length === 0) continue
    for (const { specifier, line, kind } of node.imports) {
      if (kind !== 'static') continue
      const name = packageName(specifier)
      if (
        name === undefined ||
        GIVEN.has(name) ||
        packages.some((one) => one.name === name || one.declared.has(name))
      )
        continue
      if (resolver.resolve(node.path, specifier) !== undefined) continue
      const found = first.get(name) ?? { file: node.path, line, files: new Set() }
      found.files.add(node.path)
      first.set(name, found)
    }
  }
  return [...first].map(([name, { file, line, files }]) => ({
    rule: UNDECLARED,
    file,
    line,
    title: `Dependency \`${name}\` is not declared`,
    evidence:
      files.size === 1
        ? `imported here only`
        : `imported by ${files.size} files: ${shortList([...files].sort())}`,
  }))
}

/** The package that a specifier names; undefined for a file, a built-in module or an alias. */
function packageName(specifier: string): string | undefined {
  if (/^[./~#$]|^@\/|:/.test(specifier) || isBuiltin(specifier)) return undefined
  const name = /^(?:@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*/i.exec(specifier)?.[0]
  // A name with a capital is not in the registry, but a folder that a bundler knows.
  return name !== undefined && name === name.toLowerCase() ? name : undefined
}

export function shortList(paths: readonly string[], limit = 8): string {
  const shown = paths.slice(0, limit).join(', ')
  return paths.length > limit ? `${shown} and ${paths.length - limit} more` : shown
}
