import type { Finding } from '../contract/findings.ts'
import type { TaskResult } from '../ports/models.ts'
import { shorten } from '../text/shorten.ts'
import { findingsInJson } from './findings-in-json.ts'
import { findingsInMarkdown } from './findings-in-markdown.ts'
import { withoutReasoning } from './reasoning.ts'

/** Characters of an output that are searched. */
const MAX_TEXT = 1_000_000

/** A text with more is a log, not a review. */
const MAX_FINDINGS = 500

/**
 * The findings that a text clearly holds, in its order: JSON with a list of findings (the whole text
 * or a fenced block), else headings, list items, lines and table rows that name a severity or stand
 * below one, as in `- **High**: SQL injection (src/a.ts:12)`. What a model thought aloud and what is
 * quoted are not read. A text without them holds none. The same text always gives the same findings,
 * so that their refs stay valid.
 */
export function extractFindings(text: string): Finding[] {
  const searched = withoutReasoning(shorten(text, MAX_TEXT)).text
  const inJson = findingsInJson(searched)
  return (inJson.length > 0 ? inJson : findingsInMarkdown(searched)).slice(0, MAX_FINDINGS)
}

/**
 * Every result with findings: its own where the task reported some, or some were chosen, else those in
 * its text. A text is searched once, however often its result comes here.
 */
export function withFindings(results: readonly TaskResult[]): TaskResult[] {
  return results.map((result) =>
    result.findings.length > 0 ||
    result.refs !== undefined ||
    result.isSearched === true ||
    result.text === ''
      ? result
      : { ...result, findings: extractFindings(result.text), isSearched: true },
  )
}
