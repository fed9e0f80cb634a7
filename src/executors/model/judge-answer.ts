import type { StepResult, ToolSet } from 'ai'
import type { Failure } from '../../core/contract/errors.ts'
import type { Finding } from '../../core/contract/findings.ts'
import type { Usage } from '../../core/contract/usage.ts'
import { findingsInJson } from '../../core/findings/findings-in-json.ts'
import { withoutReasoning } from '../../core/findings/reasoning.ts'
import type { ExecutionOutcome } from '../../core/ports/executor.ts'
import { EMPTY, offSchema, outcomeOf, SPOKEN_CALL, unfinished } from '../output/outcome.ts'
import type { ReadJson } from '../output/output-schema.ts'
import { isSpokenCall } from './spoken-call.ts'
import { FINDINGS_TOOL, findingsAsText } from './tools/findings-tool.ts'

export type Step = StepResult<ToolSet>
export type ReadAnswer = (text: string) => Promise<ReadJson>

/** Derives the outcome of an attempt from its last answers. */
export async function judge(
  steps: readonly Step[],
  task: {
    read: ReadAnswer | undefined
    maxSteps: number
    findings: Finding[]
    /** Set if the last answer was cut off because of the plan's budget. */
    cut: Failure | undefined
    usage: Usage
  },
): Promise<ExecutionOutcome> {
  const { usage } = task
  const last = steps.at(-1)
  const { text: answer, reasoning } = finalText(steps)
  // Some servers report that they have finished although tool calls are still unanswered.
  const finish = (last?.toolCalls.length ?? 0) > 0 ? 'tool-calls' : (last?.finishReason ?? 'other')
  const ending = unfinished(finish, last?.rawFinishReason, task.maxSteps)
  const reason = task.cut ?? ending
  if (reason !== undefined) {
    const text = answer === '' ? allText(steps) : answer
    return outcomeOf({ text, findings: task.findings, reason, usage, reasoning })
  }
  if (task.read !== undefined) {
    const { findings } = task
    if (isSilent(last?.text))
      return outcomeOf({ text: '', findings, reason: EMPTY, usage, reasoning })
    const read = await task.read(last?.text ?? '')
    if (!read.fits) {
      const why = isSpokenCall(answer) ? SPOKEN_CALL : offSchema(read.problems)
      return outcomeOf({ text: answer, findings, reason: why, usage, reasoning })
    }
    const { text, data } = read
    const held = findings.length > 0 ? findings : findingsInJson(text)
    return outcomeOf({ text, data, findings: held, reason: undefined, usage, reasoning })
  }
  const findings = task.findings.length > 0 ? task.findings : findingsInJson(answer)
  const text = isSilent(answer) ? `${answer}${findingsAsText(findings)}` : answer
  const silence = isSilent(text) ? EMPTY : undefined
  const why = silence ?? (isSpokenCall(answer) ? SPOKEN_CALL : undefined)
  return outcomeOf({ text, findings, reason: why, usage, reasoning })
}

/** Whether a model said nothing, apart from its reasoning. */
function isSilent(text: string | undefined): boolean {
  return text !== undefined && withoutReasoning(text).text.trim() === ''
}

/**
 * The last answer. Some models write it next to the call that reports their findings and have
 * nothing to add afterwards, so that text counts too. Reasoning is kept separate.
 */
function finalText(steps: readonly Step[]): { text: string; reasoning: string } {
  const texts: string[] = []
  const thoughts: string[] = []
  for (const step of steps.toReversed()) {
    const isLast = texts.length === 0
    const onlyReports = step.toolCalls.every(({ toolName }) => toolName === FINDINGS_TOOL)
    if (!isLast && (!onlyReports || step.toolCalls.length === 0)) break
    const spoken = withoutReasoning(step.text)
    texts.unshift(spoken.text.trim())
    thoughts.unshift(step.reasoningText?.trim() ?? '', spoken.reasoning ?? '')
  }
  const joined = (pieces: string[]) => pieces.filter((piece) => piece !== '').join('\n\n')
  return { text: joined(texts), reasoning: joined(thoughts) }
}

function allText(steps: readonly Step[]): string {
  return steps
    .map(({ text }) => withoutReasoning(text).text.trim())
    .filter((text) => text !== '')
    .join('\n\n')
}
