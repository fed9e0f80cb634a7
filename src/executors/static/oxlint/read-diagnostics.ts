import { basename } from 'node:path'
import { shorten } from '../../../core/text/shorten.ts'
import { type CodeFile, readCopy } from '../files/survey.ts'
import type { Hit } from '../findings.ts'
import { maskLine } from '../secrets/mask.ts'
import type { OxlintRule } from './rules.ts'
import type { Diagnostic } from './run-oxlint.ts'

/** Above this complexity, a function is worse than slightly too complex. */
const WORSE_COMPLEXITY = 50

/** oxlint's findings by file, and the files that it could not parse. */
export function readDiagnostics(
  diagnostics: readonly Diagnostic[],
  rules: readonly OxlintRule[],
  files: readonly CodeFile[],
): { hits: Map<CodeFile, Hit[]>; unparsable: string[] } {
  const byCopy = new Map(files.map((file) => [basename(file.copy), file]))
  const byName = new Map(rules.map((rule) => [shortName(rule.name), rule]))
  const hits = new Map<CodeFile, Hit[]>()
  const unparsable = new Set<string>()
  for (const diagnostic of diagnostics) {
    const file = byCopy.get(basename(diagnostic.filename))
    if (!file) continue
    if (diagnostic.code === undefined) {
      unparsable.add(file.path)
      continue
    }
    // `eslint(no-debugger)`, `typescript-eslint(no-misused-new)`
    const rule = byName.get(/\(([^()]+)\)$/.exec(diagnostic.code)?.[1] ?? '')
    if (!rule?.appliesTo.includes(file.role) || !fits(rule, file)) continue
    hits.set(file, [...(hits.get(file) ?? []), toHit(diagnostic, rule, file)])
  }
  return { hits, unparsable: [...unparsable].sort() }
}

/** The names of framework rules mean something else elsewhere. */
function fits(rule: OxlintRule, file: CodeFile): boolean {
  if (rule.name.startsWith('react/')) {
    return /\.[jt]sx$/.test(file.path) || USES_REACT.test(readCopy(file))
  }
  return !rule.name.startsWith('jest/') || !USES_CHAI.test(readCopy(file))
}

const USES_REACT = /['"](?:react|react-dom|preact)(?:\/\w+)?['"]/
const USES_CHAI =
  /\.to\.(?:be|eq|eql|equal|have|deep|include|contain|not|throw|match|exist|satisfy)\b|\bcy\.\w+\(|['"]chai['"]/

function toHit(diagnostic: Diagnostic, rule: OxlintRule, file: CodeFile): Hit {
  return {
    rule: {
      id: `oxlint/${rule.name}`,
      perspectives: [rule.perspective],
      category: rule.category,
      severity: rule.severity,
      confidence: rule.confidence,
      title: capitalized(sentence(diagnostic.message)),
      detail: rule.ownWords ? rule.detail : `${sentence(diagnostic.note ?? rule.detail)}.`,
      recommendation: rule.ownWords
        ? rule.recommendation
        : `${sentence(diagnostic.help ?? rule.recommendation)}.`,
      ...adjustments(diagnostic, rule),
    },
    file: file.path,
    line: diagnostic.labels[0]?.span.line ?? 1,
    evidence: '',
  }
}

/** Adjustments that depend on the message alone. */
function adjustments({ message }: Diagnostic, rule: OxlintRule): Partial<Hit['rule']> {
  const complexity = Number(/complexity of (\d+)/.exec(message)?.[1] ?? 0)
  if (rule.name === 'complexity' && complexity > WORSE_COMPLEXITY) return { severity: 'medium' }
  // A loop may replace an object a few times; only `reduce` is certain to copy it for each element.
  if (rule.name === 'oxc/no-accumulating-spread' && message.includes('loop')) {
    return { severity: 'low', confidence: 0.5 }
  }
  return {}
}

/** A message as one line, without its final full stop and without secrets. */
function sentence(message: string): string {
  return shorten(maskLine(message.replace(/\s+/g, ' ').trim().replace(/\.$/, '')), 300, '…')
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function shortName(name: string): string {
  return name.slice(name.indexOf('/') + 1)
}
