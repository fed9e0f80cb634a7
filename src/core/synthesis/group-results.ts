import type { TaskResult } from '../ports.ts'
import { estimateTokens } from '../prompt.ts'
import { withFindings } from './extract-findings.ts'

/** What names and punctuation around one result cost. */
const TOKENS_PER_RESULT = 40
/** Of a text that does not fit, this much is kept at least. */
const MIN_TEXT = 2_000

/** Tokens of results as a model is shown them: their findings and their texts. */
export function tokensOfResults(results: readonly TaskResult[]): number {
  return results.reduce((sum, result) => sum + tokensOf(result), 0)
}

/**
 * Parts of a plan's results that each fit a model's context, in plan order and about equally full.
 * A text longer than a part is cut, with a word that it was; findings never are. A task with more
 * findings than fit is a part of its own: check with `tokensOfResults`, and merge it without a model.
 */
export function groupResults(results: readonly TaskResult[], budgetTokens: number): TaskResult[][] {
  // Findings in a text are found before it is cut, so that their refs stay what they are.
  const fitting = withFindings(results).map((result) => cutToFit(result, budgetTokens))
  const total = tokensOfResults(fitting)
  const target = Math.ceil(total / Math.max(1, Math.ceil(total / budgetTokens)))
  const groups: TaskResult[][] = []
  let group: TaskResult[] = []
  let used = 0
  for (const result of fitting) {
    const tokens = tokensOf(result)
    if (group.length > 0 && (used >= target || used + tokens > budgetTokens)) {
      groups.push(group)
      group = []
      used = 0
    }
    group.push(result)
    used += tokens
  }
  return group.length > 0 ? [...groups, group] : groups
}

function tokensOf({ findings, text }: TaskResult): number {
  const listed = findings.length === 0 ? 0 : estimateTokens(JSON.stringify(findings))
  return TOKENS_PER_RESULT + listed + estimateTokens(text)
}

function cutToFit(result: TaskResult, budgetTokens: number): TaskResult {
  const over = tokensOf(result) - budgetTokens
  if (over <= 0) return result
  const { text } = result
  const share = Math.max(0, 1 - over / Math.max(1, estimateTokens(text)))
  const limit = Math.max(MIN_TEXT, Math.floor(text.length * share) - 100)
  if (text.length <= limit) return result
  return {
    ...result,
    text: `${text.slice(0, limit)}\n[cut: ${text.length - limit} more characters]`,
  }
}
