import type { AnswerPart } from '../../../core/ports/steps.ts'
import type { Part } from '../calls/answer-parts.ts'

/** What only matters while an answer is on its way: a call of a tool comes whole behind its pieces. */
const PASSING = new Set(['tool-input-start', 'tool-input-delta', 'tool-input-end', 'raw', 'ping'])

/** An answer as it is kept: a text is one piece, however many it came in. */
export function keptParts(parts: readonly Part[]): AnswerPart[] {
  const kept: AnswerPart[] = []
  for (const part of parts) {
    if (PASSING.has(part.type)) continue
    const last = kept.at(-1)
    const isMore =
      'delta' in part &&
      last?.type === part.type &&
      last.id === part.id &&
      part.providerMetadata === undefined &&
      last.providerMetadata === undefined
    if (isMore) last.delta = `${last.delta ?? ''}${part.delta}`
    else kept.push(storable({ ...part }))
  }
  return kept
}

/** Files of an answer may come as bytes, which JSON does not know. */
function storable(part: Part): AnswerPart {
  if ('data' in part && part.data instanceof Uint8Array) {
    return { ...part, data: Buffer.from(part.data).toString('base64') }
  }
  return part as AnswerPart
}

/** The same as the AI SDK takes it. */
export function streamedParts(parts: readonly AnswerPart[]): Part[] {
  return parts.map((part) => {
    const { timestamp } = part
    const isTime = part.type === 'response-metadata' && typeof timestamp === 'string'
    return (isTime ? { ...part, timestamp: new Date(timestamp) } : { ...part }) as Part
  })
}
