import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Finding, Severity } from '../../core/contract/findings.ts'
import { roleOf } from './files/kinds.ts'
import { selectFiles } from './files/selection.ts'
import { type CodeFile, readCopy, readText, type Survey, surveyFiles } from './files/survey.ts'
import { openTree, type Tree } from './files/tree.ts'
import type { Hit, RuleText } from './findings.ts'
import { buildGraph, type SourceNode } from './imports/graph.ts'
import { readImports } from './imports/read-imports.ts'
import { importResolver } from './imports/resolve-import.ts'
import { GRAPH_RULES, structureHits } from './imports/structure-hits.ts'
import { COVERAGE_RULES, untestedHits } from './imports/untested-hits.ts'
import { mergeHits } from './merge-hits.ts'
import { omissionsOf } from './omissions.ts'
import type { Perspective } from './options.ts'
import { readDiagnostics } from './oxlint/read-diagnostics.ts'
import { type OxlintRule, oxlintRulesFor } from './oxlint/rules.ts'
import { type OxlintRun, startOxlint } from './oxlint/run-oxlint.ts'
import type { AnalysisReport, AnalysisRequest } from './report.ts'
import type { ParsedFile, SyntaxRule } from './rules/rule.ts'
import { parseLazily, runRules, syntaxRulesFor } from './rules/run-rules.ts'
import { addEvidence } from './secrets/evidence.ts'
import { findSecrets, secretHit } from './secrets/find-secrets.ts'

/** Reviews the files of a folder. Blocks its thread, so it needs a process of its own. */
export async function analyse(
  request: AnalysisRequest,
  onChild: (child: OxlintRun['child']) => void,
): Promise<AnalysisReport> {
  const { perspectives, scratchDir } = request
  const forSecurity = perspectives.includes('security')
  const needsGraph = perspectives.includes('testing') || perspectives.includes('architecture')
  const tree = openTree(request.root)
  const copies = join(scratchDir, 'selected')
  const survey = surveyFiles(tree, selectFiles(request.globs), {
    selected: copies,
    others: join(scratchDir, 'others'),
    withAll: needsGraph,
  })
  const analysed = survey.code.filter(({ selected, generated }) => selected && !generated)

  // Started first: it runs in parallel with the rest.
  const linterRules = oxlintRulesFor(perspectives)
  const linting = startOxlint(copies, scratchDir, linterRules)
  onChild(linting.child)
  // It is awaited below; until then a failure must not crash the process.
  linting.diagnostics.catch(() => {})

  const syntaxRules = syntaxRulesFor(perspectives)
  const code = await reviewCode(survey, syntaxRules, { forSecurity, needsGraph })
  const others = forSecurity ? await searchOthers(tree, survey) : { hits: [], fileCount: 0 }
  const graphHits = needsGraph ? reviewGraph(tree, survey, code.nodes, perspectives) : []
  const linted = await lintedHits(linting, linterRules, analysed)

  const findings = mergeHits([...code.hits, ...others.hits, ...graphHits, ...linted.hits])
  const searchedCount = forSecurity
    ? survey.code.filter(({ selected }) => selected).length + others.fileCount
    : 0
  const tools = [
    {
      name: 'ast-grep with rules of our own',
      ruleCount: syntaxRules.length,
      fileCount: analysed.length,
    },
    {
      name: 'oxlint',
      ruleCount: linterRules.length,
      fileCount: linted.failure ? 0 : analysed.length - linted.unparsable.length,
    },
    {
      name: 'checks on the import graph',
      ruleCount: graphRulesFor(perspectives).length,
      fileCount: code.nodes.length,
    },
    { name: 'secretlint, recommended rules', ruleCount: undefined, fileCount: searchedCount },
  ]
  return {
    findings: findings.slice(0, request.maxFindings),
    countBySeverity: countBySeverity(findings),
    leftOutCount: Math.max(0, findings.length - request.maxFindings),
    tools: tools.filter(
      ({ name, ruleCount }) => ruleCount !== 0 && (forSecurity || !name.startsWith('secretlint')),
    ),
    analysedCount: analysed.length,
    searchedCount,
    selectedCount: survey.selected.length,
    omissions: omissionsOf(survey, linted.unparsable, forSecurity),
    failures: linted.failure === undefined ? [] : [linted.failure],
  }
}

/** What the syntax rules and, if requested, the search for secrets find in the code. */
async function reviewCode(
  survey: Survey,
  rules: readonly SyntaxRule[],
  { forSecurity, needsGraph }: { forSecurity: boolean; needsGraph: boolean },
): Promise<{ hits: Hit[]; nodes: Omit<SourceNode, 'edges'>[] }> {
  const hits: Hit[] = []
  const nodes: Omit<SourceNode, 'edges'>[] = []
  // One at a time: this is CPU work, and only one tree is kept in memory.
  for (const file of survey.code) {
    // Yields, so that the linter's output is read and the parent's exit is noticed.
    await setImmediate()
    const text = readCopy(file)
    const parsed = parseLazily(file, text)
    if (needsGraph) {
      const { path, role, selected, generated } = file
      nodes.push({ ...readImports(parsed.root, text), path, role, selected, generated })
    }
    if (!file.selected) continue
    const found = file.generated ? [] : tryRules(rules, parsed, survey)
    const secrets = forSecurity || found.length > 0 ? await findSecrets(file.path, text) : []
    if (forSecurity) {
      found.push(...secrets.map((secret) => secretHit(file.path, file.role, secret)))
    }
    addEvidence(found, text, secrets)
    hits.push(...found)
  }
  return { hits, nodes }
}

/** Rules walk the tree recursively; a sum of ten thousand terms exceeds the stack. */
function tryRules(rules: readonly SyntaxRule[], file: ParsedFile, survey: Survey): Hit[] {
  try {
    return runRules(rules, file)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    survey.other.push({ path: file.path, why: 'too-deep' })
    return []
  }
}

/** Searches for secrets in selected files that are not code. */
async function searchOthers(
  tree: Tree,
  survey: Survey,
): Promise<{ hits: Hit[]; fileCount: number }> {
  const hits: Hit[] = []
  let fileCount = 0
  const analysed = new Set(survey.code.map((file) => file.path))
  for (const { path } of survey.other) {
    // Already searched with the code.
    if (analysed.has(path)) continue
    await setImmediate()
    const text = readText(tree, path, survey)
    if (text === undefined) continue
    fileCount += 1
    const secrets = await findSecrets(path, text)
    const role = roleOf(path, false)
    const found = secrets.map((secret) => secretHit(path, role, secret))
    addEvidence(found, text, secrets)
    hits.push(...found)
  }
  return { hits, fileCount }
}

function reviewGraph(
  tree: Tree,
  survey: Survey,
  nodes: readonly Omit<SourceNode, 'edges'>[],
  perspectives: readonly Perspective[],
): Hit[] {
  const { files } = survey.listing
  const resolver = importResolver(files, (path) => readText(tree, path, undefined))
  const graph = buildGraph(nodes, resolver)
  return [
    ...(perspectives.includes('architecture') ? structureHits(graph, resolver, files) : []),
    ...(perspectives.includes('testing') ? untestedHits(graph) : []),
  ]
}

function graphRulesFor(perspectives: readonly Perspective[]): RuleText[] {
  return [...GRAPH_RULES, ...COVERAGE_RULES].filter((rule) =>
    rule.perspectives.some((perspective) => perspectives.includes(perspective)),
  )
}

/** The linter's findings. If it fails, the rest of the review is still useful. */
async function lintedHits(
  linting: OxlintRun,
  rules: readonly OxlintRule[],
  files: readonly CodeFile[],
): Promise<{ hits: Hit[]; unparsable: string[]; failure?: string }> {
  try {
    const { hits, unparsable } = readDiagnostics(await linting.diagnostics, rules, files)
    for (const [file, found] of hits) {
      const text = readCopy(file)
      addEvidence(found, text, await findSecrets(file.path, text))
    }
    return { hits: [...hits.values()].flat(), unparsable }
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error)
    return { hits: [], unparsable: [], failure }
  }
}

function countBySeverity(findings: readonly Finding[]): Record<Severity, number> {
  const counts = { critical: 0, high: 0, medium: 0, low: 0, info: 0 }
  for (const { severity } of findings) counts[severity] += 1
  return counts
}
