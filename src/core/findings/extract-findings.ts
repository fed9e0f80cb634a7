import type { Finding } from '../contract/findings.ts'
import type { TaskResult } from '../ports/models.ts'
import { shorten } from '../text/shorten.ts'
import { findingsInJson } from './findings-in-json.ts'
import { findingsInMarkdown } from './findings-in-markdown.ts'
import { withoutReasoning } from './reasoning.ts'

/** Only this many characters of an output are searched. */
const MAX_TEXT = 1_000_000

/** A text with more findings than this is a log, not a review. */
const MAX_FINDINGS = 500

/**
 * The findings in a text, in the order in which they appear. JSON with a list of findings (the
 * whole text or a fenced block) comes first; otherwise headings, list items, lines and table rows
 * that name a severity or are below one, as in `- **High**: SQL injection (src/a.ts:12)`. A model's
 * reasoning and quotations are ignored. The same text always gives the same findings, so that their
 * refs stay valid.
 */
export function extractFindings(text: string): Finding[] {
  const searched = withoutReasoning(shorten(text, MAX_TEXT)).text
  const inJson = findingsInJson(searched)
  return (inJson.length > 0 ? inJson : findingsInMarkdown(searched)).slice(0, MAX_FINDINGS)
}

/**
 * Gives every result its findings: those the task reported or that were selected, otherwise those
 * in its text. Each text is searched only once, however often its result is passed in.
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
