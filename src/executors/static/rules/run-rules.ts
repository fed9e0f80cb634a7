import { Lang, parse, type SgNode } from '@ast-grep/napi'
import type { FileRole, Grammar } from '../files/kinds.ts'
import type { Hit } from '../findings.ts'
import type { Perspective } from '../options.ts'
import { INJECTION_RULES } from './injection.ts'
import { LOOP_RULES } from './loops.ts'
import { PERFORMANCE_RULES } from './performance.ts'
import { REACH_RULES } from './reach.ts'
import { REGEX_RULES } from './regex.ts'
import type { ParsedFile, SyntaxRule } from './rule.ts'
import { SECRECY_RULES } from './secrecy.ts'
import { STRUCTURE_RULES } from './structure.ts'
import { lineOf } from './syntax.ts'
import { TESTING_RULES } from './testing.ts'
import { WEB_RULES } from './web.ts'

/** Every rule on the syntax tree of a single file. */
export const SYNTAX_RULES: readonly SyntaxRule[] = [
  ...INJECTION_RULES,
  ...REACH_RULES,
  ...SECRECY_RULES,
  ...WEB_RULES,
  ...PERFORMANCE_RULES,
  ...LOOP_RULES,
  ...REGEX_RULES,
  ...TESTING_RULES,
  ...STRUCTURE_RULES,
]

export function syntaxRulesFor(perspectives: readonly Perspective[]): SyntaxRule[] {
  return SYNTAX_RULES.filter((rule) => rule.perspectives.some((one) => perspectives.includes(one)))
}

export function parseSource(text: string, grammar: Grammar): SgNode {
  return parse(grammar === 'TypeScript' ? Lang.TypeScript : Lang.Tsx, text).root()
}

/** Parses a file when its tree is first asked for, because no rule's hints match most files. */
export function parseLazily(
  { path, role, grammar }: { path: string; role: FileRole; grammar: Grammar },
  text: string,
): ParsedFile {
  let root: SgNode | undefined
  return {
    path,
    role,
    text,
    get root() {
      root ??= parseSource(text, grammar)
      return root
    },
  }
}

/** Runs rules on one file. A file with syntax errors is searched as far as it could be parsed. */
export function runRules(rules: readonly SyntaxRule[], file: ParsedFile): Hit[] {
  const hits: Hit[] = []
  for (const rule of rules) {
    if (!rule.appliesTo.includes(file.role) || !rule.hints.every((hint) => hint.test(file.text)))
      continue
    for (const match of file.root.findAll({ rule: rule.find }))
      hits.push(...hitsOf(rule, match, file))
  }
  return hits
}

function hitsOf(rule: SyntaxRule, match: SgNode, file: ParsedFile): Hit[] {
  const verdict = rule.judge?.(match, file) ?? true
  if (verdict === false) return []
  const { at, ...changes } = verdict === true ? { at: undefined } : verdict
  const line = lineOf(at ?? match)
  return [{ rule, file: file.path, line, evidence: '', ...changes }]
}
