import { shorten } from '../../../core/text/shorten.ts'
import type { Hit } from '../findings.ts'
import type { FoundSecret } from './find-secrets.ts'
import { maskLine, maskRanges, maskStrings } from './mask.ts'

/** Rules that recognise a secret by its name, so its line must not be shown as it is. */
const CREDENTIAL_RULES = new Set(['credential-in-code', 'signing-key-in-code'])

/** Fills in the evidence of hits in one file: the line of code without its secrets. */
export function addEvidence(
  hits: readonly Hit[],
  text: string,
  secrets: readonly FoundSecret[],
): void {
  const lines = maskRanges(
    text,
    secrets.map(({ range }) => range),
  ).split('\n')
  const sensitive = new Set(
    hits.filter(({ rule }) => CREDENTIAL_RULES.has(rule.id)).map(({ line }) => line),
  )
  for (const hit of hits) {
    if (hit.evidence !== '') continue
    const line = visible(lines[hit.line - 1] ?? '')
    hit.evidence = sensitive.has(hit.line) ? maskStrings(maskLine(line)) : maskLine(line)
  }
}

/** Removes the indentation and control characters that a terminal or reader would interpret. */
function visible(line: string): string {
  return shorten(line, 2_000)
    .trim()
    .replace(/[\p{Cc}\p{Cf}]/gu, ' ')
}
