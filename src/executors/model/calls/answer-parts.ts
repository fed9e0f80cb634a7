import type { ProviderModel } from '../models.ts'

/** A part of a streamed answer. */
export type Part =
  Awaited<ReturnType<ProviderModel['doStream']>>['stream'] extends ReadableStream<infer P>
    ? P
    : never
export type FinishPart = Extract<Part, { type: 'finish' }>

/** Whether an answer was cut off at its output limit. */
export function isCut(parts: readonly Part[]): boolean {
  return parts.some((part) => part.type === 'finish' && part.finishReason.unified === 'length')
}

/** Corrects the finish reason of an answer that calls tools, for providers with their own names for it. */
export function withMeantEnd(parts: Part[]): Part[] {
  if (!parts.some(({ type }) => type === 'tool-call')) return parts
  return parts.map((part) =>
    part.type === 'finish' && part.finishReason.unified === 'other'
      ? { ...part, finishReason: { ...part.finishReason, unified: 'tool-calls' } }
      : part,
  )
}

/** Whether the model, rather than the connection, ended the answer. */
export function isEnd({ finishReason: { unified, raw } }: FinishPart): boolean {
  if (unified === 'interrupted' || unified === 'error') return false
  return unified !== 'other' || raw !== undefined
}
