import type { SgNode } from '@ast-grep/napi'
import { analyse } from 'scslre'
import { callTo, type SyntaxRule, type Verdict } from './rule.ts'
import { argumentsOf, stringValue } from './syntax.ts'

/**
 * Exponential backtracking needs two unbounded repetitions, one of them in a group that is itself
 * repeated.
 */
const REPETITION = /[*+}]/
const REPEATED_GROUP = /\)(?:[*+]|\{\d+,\d*\})/g
const MAX_PATTERN_CHARS = 2_000

function judgeRegex(match: SgNode): Verdict {
  const literal = match.kind() === 'regex' ? literalOf(match) : constructedOf(match)
  if (!literal || literal.source.length > MAX_PATTERN_CHARS || !repeatsGroup(literal.source))
    return false
  try {
    const { reports } = analyse(literal, { reportTypes: { Move: false }, maxReports: 20 })
    return reports.some((report) => report.exponential)
  } catch {
    // Not a valid expression, or a construct that the analysis does not support.
    return false
  }
}

function repeatsGroup(source: string): boolean {
  const first = source.search(REPETITION)
  return first !== -1 && [...source.matchAll(REPEATED_GROUP)].some(({ index }) => index > first)
}

function literalOf(regex: SgNode): { source: string; flags: string } {
  const text = regex.text()
  const end = text.lastIndexOf('/')
  return { source: text.slice(1, end), flags: text.slice(end + 1) }
}

function constructedOf(match: SgNode): { source: string; flags: string } | undefined {
  const [pattern, flags] = argumentsOf(match)
  const source = stringValue(pattern)
  if (source === undefined) return undefined
  return { source: source.replace(/\\\\/g, '\\'), flags: stringValue(flags) ?? '' }
}

export const REGEX_RULES: SyntaxRule[] = [
  {
    id: 'exponential-regex',
    perspectives: ['performance', 'security'],
    category: 'performance',
    appliesTo: ['source'],
    severity: 'high',
    confidence: 0.85,
    title: 'Regular expression that can take for ever',
    detail:
      'A repeated group can match the same text in many ways, so some inputs of thirty characters take longer than anybody waits, and block the process meanwhile.',
    recommendation:
      'Make the repetition unambiguous (as in `\\w+(?:\\s\\w+)*`), or limit the length of the input first.',
    hints: [/\)[*+{]/],
    find: {
      any: [
        { kind: 'regex' },
        { kind: 'new_expression', has: { field: 'constructor', regex: '^RegExp$' } },
        callTo('^RegExp$'),
      ],
    },
    judge: judgeRegex,
  },
]
