import type { Step } from '../contract/steps.ts'
import type { AnswerPart, KeptStep, StepAnswer, ToolResult } from '../ports/steps.ts'
import { shorten } from '../text/shorten.ts'
import { isoOf } from './plan-views.ts'

/** Characters of one result, and of the arguments of one call, on a list of steps. */
const LISTED_CHARS = 2_000

/** A step as callers see it; with `whole`, everything that is stored. */
export function stepView(
  planId: string,
  taskId: string,
  step: KeptStep,
  { whole }: { whole: boolean },
): Step {
  const reasoning = reasoningOf(step)
  const results = new Map(step.results?.map((result) => [result.id, result]))
  return {
    number: step.number,
    attempt: step.attempt,
    kind: step.kind ?? 'model',
    ...(step.kind === 'message' ? {} : { model: step.model }),
    text: textOf(step),
    ...(reasoning === '' ? {} : { reasoning }),
    toolCalls: toolCallsOf(step).map((call) =>
      toolCallView(call, results.get(call.toolCallId ?? ''), whole),
    ),
    usage: step.usage,
    startedAt: isoOf(step.startedAt),
    finishedAt: step.finishedAt === undefined ? null : isoOf(step.finishedAt),
    links: { self: `/v1/plans/${planId}/tasks/${taskId}/steps/${step.number}` },
  }
}

function toolCallView(
  call: AnswerPart,
  result: ToolResult | undefined,
  whole: boolean,
): Step['toolCalls'][number] {
  const given = cut(parsed(call.input ?? ''), whole)
  const said = cut(result?.error ?? result?.result ?? null, whole)
  const characters = result?.shortened ?? said.characters
  return {
    id: call.toolCallId ?? '',
    name: call.toolName ?? '',
    arguments: given.value,
    ...(given.characters === undefined ? {} : { argumentsCharacters: given.characters }),
    result: said.value,
    ...(characters === undefined ? {} : { resultCharacters: characters }),
    isError: result?.error !== undefined || isErrorResult(result?.result),
  }
}

/** Results of MCP servers have a flag; those of file tools start with `Error: `. */
function isErrorResult(result: unknown): boolean {
  if (typeof result === 'string') return result.startsWith('Error: ')
  return (
    typeof result === 'object' && result !== null && 'isError' in result && result.isError === true
  )
}

function cut(value: unknown, whole: boolean): { value: unknown; characters?: number } {
  if (whole) return { value }
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  if (text.length <= LISTED_CHARS) return { value }
  return { value: shorten(text, LISTED_CHARS), characters: text.length }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return json
  }
}

/** The text of an answer, without its reasoning. */
export function textOf(answer: Pick<StepAnswer, 'parts'>): string {
  return deltasOf(answer.parts, 'text')
}

function reasoningOf(answer: Pick<StepAnswer, 'parts'>): string {
  return deltasOf(answer.parts, 'reasoning')
}

function deltasOf(parts: readonly AnswerPart[], kind: 'text' | 'reasoning'): string {
  return parts.map(({ type, delta }) => (type === `${kind}-delta` ? (delta ?? '') : '')).join('')
}

/** The model's text in some steps, without messages from people. */
export function saidIn(steps: readonly StepAnswer[]): string {
  return steps
    .filter(({ kind }) => kind !== 'message')
    .map(textOf)
    .filter((said) => said !== '')
    .join('\n\n')
}

export function toolCallsOf({ parts }: Pick<StepAnswer, 'parts'>): AnswerPart[] {
  return parts.filter(({ type }) => type === 'tool-call')
}
