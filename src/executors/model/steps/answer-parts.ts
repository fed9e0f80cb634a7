import type { AnswerPart } from '../../../core/ports/steps.ts'
import type { Part } from '../calls/answer-parts.ts'

/** Only useful while an answer arrives: a tool call follows complete after its pieces. */
const PASSING = new Set(['tool-input-start', 'tool-input-delta', 'tool-input-end', 'raw', 'ping'])

/** An answer to be stored: the pieces of each text are joined. */
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

/** Files in an answer may be bytes, which JSON cannot contain. */
function storable(part: Part): AnswerPart {
  if ('data' in part && part.data instanceof Uint8Array) {
    return { ...part, data: Buffer.from(part.data).toString('base64') }
  }
  return part as AnswerPart
}

/** A stored answer as the AI SDK expects it. */
export function streamedParts(parts: readonly AnswerPart[]): Part[] {
  return parts.map((part) => {
    const { timestamp } = part
    const isTime = part.type === 'response-metadata' && typeof timestamp === 'string'
    return (isTime ? { ...part, timestamp: new Date(timestamp) } : { ...part }) as Part
  })
}
