import type { Step } from '../../client/index.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { cut, cutEnd, duration, money, thousands } from '../format.ts'

export interface StepsOptions {
  /** Only steps that called tools. */
  tools: boolean
  /** Only steps in which a tool failed. */
  errors: boolean
  json: boolean
}

/** Prints what an agent has said and done, step by step. @returns The exit code. */
export async function showSteps(
  { terminal, quick }: Context,
  planId: string,
  taskId: string,
  { tools, errors, json }: StepsOptions,
): Promise<number> {
  let count = 0
  const chosen: Step[] = []
  for await (const step of quick.tasks.steps(planId, taskId)) {
    count += 1
    if (tools && step.toolCalls.length === 0) continue
    if (errors && !step.toolCalls.some(({ isError }) => isError)) continue
    if (json) chosen.push(step)
    else terminal.out(terminal.printable(transcriptOf(step)))
  }
  if (json) terminal.out(JSON.stringify(chosen, null, 2))
  if (count === 0) terminal.note(`${taskId} has no steps; only tasks of the executor model do`)
  return EXIT.succeeded
}

function transcriptOf(step: Step): string {
  const lines = [headOf(step)]
  if (step.text.trim() !== '') lines.push(step.text.trim())
  for (const call of step.toolCalls) {
    lines.push(`> ${call.name} ${cut(asText(call.arguments), 200)}`)
    lines.push(indented(call.result === null ? '(runs)' : asText(call.result), call.isError))
  }
  return `${lines.join('\n')}\n`
}

function headOf(step: Step): string {
  const { number, attempt, kind, model = '', usage, startedAt, finishedAt } = step
  if (kind === 'message') return `--- step ${number}: a person said`
  const tokens = usage.inputTokens + usage.outputTokens
  const facts = [
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
    model,
    ...(finishedAt === null ? [] : [duration(Date.parse(finishedAt) - Date.parse(startedAt))]),
    `${thousands(tokens)} tokens`,
    ...(usage.costUsd > 0 ? [money(usage.costUsd)] : []),
  ]
  return `--- step ${number}: ${facts.join(', ')}`
}

const MOST_LINES = 12
const WIDTH = 160

function indented(text: string, isError: boolean): string {
  const lines = text.split('\n')
  const shown = lines.slice(0, MOST_LINES).map((line) => `  ${cutEnd(line, WIDTH)}`)
  if (lines.length > MOST_LINES) shown.push(`  … ${lines.length - MOST_LINES} more lines`)
  return `${isError ? '  failed:\n' : ''}${shown.join('\n')}`
}

/** A result of an MCP server is a list of parts; readers want only their texts. */
function asText(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null && 'content' in value) {
    const { content } = value
    if (Array.isArray(content)) {
      const texts = content.map((part: { text?: unknown }) =>
        typeof part.text === 'string' ? part.text : JSON.stringify(part),
      )
      return texts.join('\n')
    }
  }
  return JSON.stringify(value)
}
