import type { Severity } from '../findings.ts'

const WORDS: Record<Severity, string[]> = {
  critical: ['critical', 'crit', 'blocker', 'severe', 'fatal', 'p0', 's0', 'sev0', '🔴'],
  high: ['high', 'major', 'error', 'serious', 'important', 'p1', 's1', 'sev1', '🟠'],
  medium: ['medium', 'med', 'moderate', 'warning', 'warn', 'p2', 's2', 'sev2', '🟡'],
  low: ['low', 'minor', 'p3', 's3', 'sev3', '🟢'],
  info: [
    'info',
    'informational',
    'information',
    'note',
    'nit',
    'trivial',
    'suggestion',
    'hint',
    '🔵',
  ],
}

const BY_WORD = new Map(
  Object.entries(WORDS).flatMap(([severity, words]) =>
    words.map((word) => [word, severity as Severity] as const),
  ),
)

/** All words that name a severity, for a regular expression. */
export const SEVERITY_PATTERN = [...BY_WORD.keys()].sort((a, b) => b.length - a.length).join('|')

/** `High`, `**HIGH**`, `[high]`, `high severity` and `P1` are `high`. */
export function severityOf(text: string): Severity | undefined {
  const word = text
    .toLowerCase()
    .replace(/[*_`[\](){}:]/g, ' ')
    .replace(/\b(?:severity|priority|risk|impact|issues?|findings?)\b/g, ' ')
    .trim()
  return BY_WORD.get(word)
}
