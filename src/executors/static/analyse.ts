import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { SEVERITIES, type Severity } from '../../core/findings.ts'
import { selectFiles } from './files/selection.ts'
import { type CodeFile, readCopy, readText, type Survey, surveyFiles } from './files/survey.ts'
import { openTree, type Tree } from './files/tree.ts'
import type { Hit } from './findings.ts'
import { buildGraph, type SourceNode } from './imports/graph.ts'
import { readImports } from './imports/read-imports.ts'
import { importResolver } from './imports/resolve-import.ts'
import { GRAPH_RULES, structureHits } from './imports/structure-hits.ts'
import { COVERAGE_RULES, untestedHits } from './imports/untested-hits.ts'
import { mergeHits } from './merge-hits.ts'
import { omissionsOf } from './omissions.ts'
import { readDiagnostics } from './oxlint/read-diagnostics.ts'
import { oxlintRulesFor } from './oxlint/rules.ts'
import { type OxlintRun, startOxlint } from './oxlint/run-oxlint.ts'
import type { AnalysisReport, AnalysisRequest } from './report.ts'
import { parseSource, runRules, syntaxRulesFor } from './rules/run-rules.ts'
import { addEvidence } from './secrets/evidence.ts'
import { findSecrets, secretHit } from './secrets/find-secrets.ts'

/** Reviews the files of a folder. Blocks its thread: it is meant for a process of its own. */
export async function analyse(
  request: AnalysisRequest,
  onChild: (child: OxlintRun['child']) => void,
): Promise<AnalysisReport> {
  const { perspectives } = request
  const wants = (perspective: (typeof perspectives)[number]) => perspectives.includes(perspective)
  const needsGraph = wants('testing') || wants('architecture')
  const tree = openTree(request.root)
  const copies = join(request.scratchDir, 'selected')
  const survey = surveyFiles(tree, selectFiles(request.globs), {
    selected: copies,
    others: join(request.scratchDir, 'others'),
    withAll: needsGraph,
  })
  const analysed = survey.code.filter(({ selected, generated }) => selected && !generated)

  const linterRules = oxlintRulesFor(perspectives)
  const linting = startOxlint(copies, request.scratchDir, linterRules)
  onChild(linting.child)
  // It is awaited below; until then a failure must not end the process.
  linting.diagnostics.catch(() => {})

  const syntaxRules = syntaxRulesFor(perspectives)
  const hits: Hit[] = []
  const nodes: Omit<SourceNode, 'edges'>[] = []
  for (const file of survey.code) {
    // Lets what the linter says be read, and the end of the parent be noticed.
    await setImmediate()
    const text = readCopy(file)
    const root = parseSource(text, file.grammar)
    if (needsGraph) nodes.push({ ...readImports(root, text), ...nodeOf(file) })
    if (!file.selected) continue
    const found = file.generated ? [] : runRules(syntaxRules, { ...file, text, root })
    const secrets = wants('security') || found.length > 0 ? await findSecrets(file.path, text) : []
    if (wants('security'))
      found.push(...secrets.map((secret) => secretHit(file.path, file.role, secret)))
    addEvidence(found, text, secrets)
    hits.push(...found)
  }

  let searchedCount = 0
  if (wants('security')) {
    searchedCount = survey.code.filter(({ selected }) => selected).length
    for (const { path, why } of survey.other) {
      if (why === 'generated') continue
      await setImmediate()
      const found = await searchOther(tree, path, survey)
      searchedCount += found === undefined ? 0 : 1
      hits.push(...(found ?? []))
    }
  }

  if (needsGraph) {
    const files = new Set(survey.listing.files)
    const resolver = importResolver(survey.listing.files, (path) => readText(tree, path, undefined))
    const graph = buildGraph(nodes, resolver)
    if (wants('architecture'))
      hits.push(...structureHits(graph, resolver, (path) => files.has(path)))
    if (wants('testing')) hits.push(...untestedHits(graph))
  }

  const failures: string[] = []
  let unparsable: string[] = []
  try {
    const linted = readDiagnostics(await linting.diagnostics, linterRules, analysed)
    unparsable = linted.unparsable
    for (const [file, found] of linted.hits) {
      const text = readCopy(file)
      addEvidence(found, text, await findSecrets(file.path, text))
      hits.push(...found)
    }
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error))
  }

  const graphRules = [
    ...(wants('architecture') ? GRAPH_RULES : []),
    ...(wants('testing') ? COVERAGE_RULES : []),
  ]
  const findings = mergeHits(hits)
  const countBySeverity = Object.fromEntries(SEVERITIES.map((severity) => [severity, 0])) as Record<
    Severity,
    number
  >
  for (const { severity } of findings) countBySeverity[severity] += 1
  return {
    findings: findings.slice(0, request.maxFindings),
    countBySeverity,
    leftOutCount: Math.max(0, findings.length - request.maxFindings),
    tools: [
      {
        name: 'ast-grep with rules of our own',
        ruleCount: syntaxRules.length,
        fileCount: analysed.length,
      },
      {
        name: 'oxlint',
        ruleCount: linterRules.length,
        fileCount: failures.length === 0 ? analysed.length - unparsable.length : 0,
      },
      ...(needsGraph
        ? [
            {
              name: 'checks on the import graph',
              ruleCount: graphRules.length,
              fileCount: nodes.length,
            },
          ]
        : []),
      ...(wants('security')
        ? [
            {
              name: 'secretlint, recommended rules',
              ruleCount: undefined,
              fileCount: searchedCount,
            },
          ]
        : []),
    ],
    analysedCount: analysed.length,
    searchedCount,
    selectedCount: survey.selected.length,
    omissions: omissionsOf(survey, unparsable, wants('security')),
    failures,
  }
}

function nodeOf({ path, role, selected, generated }: CodeFile) {
  return { path, role, selected, generated }
}

/** Secrets in a file that is no code; undefined when it is not text, or could not be read. */
async function searchOther(tree: Tree, path: string, survey: Survey): Promise<Hit[] | undefined> {
  const text = readText(tree, path, survey)
  if (text === undefined) return undefined
  const secrets = await findSecrets(path, text)
  const isTest = /(?:^|\/)(?:tests?|__tests__|fixtures?|__fixtures__|examples?)\//i.test(path)
  const hits = secrets.map((secret) => secretHit(path, isTest ? 'support' : 'source', secret))
  addEvidence(hits, text, secrets)
  return hits
}
