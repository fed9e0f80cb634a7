import { shorten } from '../../../core/text/shorten.ts'
import { MAX_RESULT_CHARS } from './output-budget.ts'

/** Base64 characters of all images in a result: enough for a screenshot. */
const MAX_MEDIA_CHARS = 1_000_000

type Part = Record<string, unknown>

/**
 * Fits a tool's result into the limits, one for all its texts (including those of resources) and
 * one for its images. Notes what is left out. Data without a text is returned as JSON.
 */
export function fitResult(result: unknown): unknown {
  if (!isObject(result)) return result
  const { structuredContent, ...rest } = result
  const given = Array.isArray(rest.content) ? rest.content.filter(isObject) : undefined
  if (given === undefined && structuredContent === undefined) return result
  const isSilent = given === undefined || given.length === 0
  const content = isSilent && structuredContent !== undefined ? [asText(structuredContent)] : given
  return { ...rest, content: fitParts(content ?? []) }
}

function fitParts(parts: readonly Part[]): Part[] {
  let textLeft = MAX_RESULT_CHARS
  let mediaLeft = MAX_MEDIA_CHARS
  let unseen = 0

  function fitText(text: string): string {
    const kept = shorten(text, Math.max(0, textLeft))
    textLeft -= text.length
    if (kept.length === text.length) return text
    return `${kept}\n[cut: the first ${kept.length} of ${text.length} characters]`
  }

  const fitted = parts.flatMap((part): Part[] => {
    if (textLeft <= 0 && typeof part.text === 'string') {
      unseen += 1
      return []
    }
    if (typeof part.text === 'string') return [{ ...part, text: fitText(part.text) }]
    if (typeof part.data === 'string') {
      const { length } = part.data
      if (length > mediaLeft) return [note(`${part.type} of ${length} characters left out`)]
      mediaLeft -= length
      return [part]
    }
    if (isObject(part.resource)) {
      const { text, blob, uri } = part.resource
      if (typeof blob === 'string') {
        return [note(`binary resource ${brief(uri)} of ${blob.length} characters left out`)]
      }
      if (typeof text !== 'string') return [part]
      return [{ ...part, resource: { ...part.resource, text: fitText(text) } }]
    }
    const other = JSON.stringify(part)
    return other.length > textLeft ? [{ type: 'text', text: fitText(other) }] : [part]
  })
  return unseen === 0 ? fitted : [...fitted, note(`${unseen} further texts left out`)]
}

function asText(data: unknown): Part {
  return { type: 'text', text: JSON.stringify(data) }
}

function note(text: string): Part {
  return { type: 'text', text: `[${text}]` }
}

function brief(value: unknown): string {
  return typeof value === 'string' ? shorten(value, 200) : ''
}

function isObject(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
