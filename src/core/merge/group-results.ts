import { refOf } from '../contract/findings.ts'
import { withFindings } from '../findings/extract-findings.ts'
import type { TaskResult } from '../ports/models.ts'
import type { Slice } from '../ports/synthesis-parts.ts'
import { shorten } from '../text/shorten.ts'
import { estimateTokens } from '../text/tokens.ts'

/** What fits into one model call, and what the model can account for in one answer. */
export interface PartLimits {
  tokens: number
  findings: number
}

/** The cost of the names and punctuation around a result. */
const TOKENS_PER_RESULT = 40

/** Characters that are kept of a text that does not fit, at least. */
const MIN_TEXT = 2_000

/** The tokens of results as shown to a model: their findings and texts. */
export function tokensOfResults(results: readonly TaskResult[]): number {
  return results.reduce((sum, result) => sum + tokensOf(result), 0)
}

/**
 * Splits a plan's results into parts that each fit a call, in plan order and about equally full. A
 * text that is longer than a part is cut and marked as cut; findings never are. A task with too
 * many findings for one part is in several, each with the refs of the findings it holds.
 */
export function groupResults(results: readonly TaskResult[], limits: PartLimits): TaskResult[][] {
  // Findings are extracted before a text is cut, so that their refs do not change.
  const fitting = withFindings(results)
    .flatMap((result) => splitToFit(result, limits))
    .map((result) => cutToFit(result, limits.tokens))
  const share = (result: TaskResult) =>
    Math.max(tokensOf(result) / limits.tokens, result.findings.length / limits.findings)
  const total = fitting.reduce((sum, result) => sum + share(result), 0)
  const target = total / Math.max(1, Math.ceil(total))
  const groups: TaskResult[][] = []
  let group: TaskResult[] = []
  let used = 0
  for (const result of fitting) {
    const more = share(result)
    if (group.length > 0 && (used >= target || used + more > 1)) {
      groups.push(group)
      group = []
      used = 0
    }
    group.push(result)
    used += more
  }
  return group.length > 0 ? [...groups, group] : groups
}

/** What each part contains, as ranges, whose size does not depend on the content. */
export function slicesOf(group: readonly TaskResult[]): Slice[] {
  return group.map((result) => {
    const from = numberOf(refOf(result, 0)) - 1
    return { taskId: result.taskId, from, to: from + result.findings.length }
  })
}

/**
 * The results that `slices` refer to, as `groupResults` would return them.
 *
 * @param results In the order of the slices. Their findings may have changed since then.
 */
export function takeSlices(
  results: readonly TaskResult[],
  slices: readonly Slice[],
  limits: PartLimits,
): TaskResult[] {
  return withFindings(results).map((result, index) => {
    const { from, to } = slices[index] ?? { from: 0, to: result.findings.length }
    return cutToFit(slice(result, from, to), limits.tokens)
  })
}

function numberOf(ref: string): number {
  return Number(ref.slice(ref.lastIndexOf('/') + 1))
}

function slice(result: TaskResult, from: number, to: number): TaskResult {
  if (from === 0 && to >= result.findings.length) return result
  const findings = result.findings.slice(from, to)
  return {
    ...result,
    text: from === 0 ? result.text : '',
    findings,
    refs: findings.map((_, index) => refOf(result, from + index)),
  }
}

function splitToFit(result: TaskResult, limits: PartLimits): TaskResult[] {
  const slices: TaskResult[] = []
  let from = 0
  let used = 0
  for (const [index, finding] of result.findings.entries()) {
    const tokens = estimateTokens(JSON.stringify(finding))
    if (index > from && (index - from >= limits.findings || used + tokens > limits.tokens)) {
      slices.push(slice(result, from, index))
      from = index
      used = 0
    }
    used += tokens
  }
  return [...slices, slice(result, from, result.findings.length)]
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
    text: `${shorten(text, limit)}\n[cut: ${text.length - limit} more characters]`,
  }
}
