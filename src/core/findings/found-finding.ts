import type { Finding, Severity } from '../contract/findings.ts'
import { shorten } from '../text/shorten.ts'
import { type Field, fieldOf } from './field-names.ts'
import { type Place, placeIn, placeOf } from './places.ts'
import { severityInValue, severityOfScore } from './severity-words.ts'
import { cleanTitle, plainText } from './title-marks.ts'

const MAX_TITLE = 300
const MAX_DETAIL = 4_000
const MAX_EVIDENCE = 2_000

/** A finding while it is being read, field by field. */
export interface Found {
  title: string
  severity: Severity | undefined
  id?: string | undefined
  /** Where the finding is, according to its fields or its text; fields take precedence. */
  place: { file?: string; line?: number; from: 'field' | 'link' | 'text' } | undefined
  line: number | undefined
  parts: Record<'detail' | 'evidence' | 'recommendation', string[]>
  category?: string
  confidence?: number | undefined
  /** Only mentioned, by an entry of a list or table without a text of its own. */
  isBrief: boolean
}

export function newFound(title: string, severity: Severity | undefined, id?: string): Found {
  const found: Found = {
    title,
    severity,
    id,
    place: undefined,
    line: undefined,
    parts: { detail: [], evidence: [], recommendation: [] },
    isBrief: true,
  }
  lookForPlace(found, title)
  return found
}

/** Adds a line of text to the field that was read last. */
export function addText(found: Found, text: string, kind: Field['kind'] = 'detail'): void {
  const value = plainText(text)
  if (value === '') return
  switch (kind) {
    case 'severity':
      found.severity ??= severityInValue(value)
      return
    case 'score':
      found.severity ??= severityOfScore(value)
      return
    case 'file':
      setPlace(found, text)
      return
    case 'line':
      found.line = found.line ?? firstNumber(value)
      return
    case 'category':
      found.category ??= shorten(value, 200)
      return
    case 'confidence':
      found.confidence = found.confidence ?? share(value)
      return
    case 'title':
      if (found.title === '') found.title = cleanTitle(value)
      return
    case 'recommendation':
      found.parts.recommendation.push(value)
      found.isBrief = false
      return
    case 'evidence':
      found.parts.evidence.push(text.trim().replace(/^`{1,3}|`{1,3}$/g, ''))
      lookForPlace(found, text)
      return
    case 'likelihood':
    case 'aside':
      return
    case 'detail':
    case 'impact':
    case 'proof':
      found.parts.detail.push(value)
      found.isBrief = false
      lookForPlace(found, text)
  }
}

/**
 * Code below a finding counts as evidence only where it is labelled so; elsewhere it may be an
 * example or advice.
 */
export function addCode(found: Found, code: string, kind: Field['kind']): void {
  if (kind === 'evidence') found.parts.evidence.push(code)
}

export function asFinding(found: Found): Finding | undefined {
  const title = shorten(found.title, MAX_TITLE, '…').trim()
  if (title === '') return undefined
  const { detail, evidence, recommendation } = found.parts
  const { file } = found.place ?? {}
  const line = found.place?.line ?? (file === undefined ? undefined : found.line)
  const long = found.title.length > MAX_TITLE ? [found.title] : []
  const joined = (lines: readonly string[], most: number) => shorten(lines.join('\n'), most).trim()
  const texts = {
    detail: joined([...long, ...detail], MAX_DETAIL),
    evidence: joined(evidence, MAX_EVIDENCE),
    recommendation: joined(recommendation, MAX_DETAIL),
  }
  return {
    title,
    severity: found.severity ?? 'medium',
    confidence: found.confidence ?? 0.5,
    ...(found.category === undefined ? {} : { category: found.category }),
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    ...(texts.detail === '' ? {} : { detail: texts.detail }),
    ...(texts.evidence === '' ? {} : { evidence: texts.evidence }),
    ...(texts.recommendation === '' ? {} : { recommendation: texts.recommendation }),
  }
}

/**
 * Splits running text into a title (the first sentence, without the place and advice at its end)
 * and the rest.
 */
export function splitTitle(whole: string): { title: string; more?: string; advice?: string } {
  const text = plainText(whole)
  const [said, advice] = splitAdvice(text)
  const [first = '', ...others] = said.split(/(?<=[.!?。])\s+(?=\p{Lu})|(?<=。)/u)
  const title = cleanTitle(withoutPlace(first)).replace(/(?<=[^.])\.$/, '')
  return {
    title: title === '' ? cleanTitle(first) : title,
    ...(others.length > 0 || title.length > MAX_TITLE ? { more: said } : {}),
    ...(advice === undefined ? {} : { advice }),
  }
}

/** Splits `… is built of text. Fix: bind it` in two. */
function splitAdvice(text: string): [said: string, advice?: string] {
  for (const { index } of shorten(text, 3_000).matchAll(
    /(?<=[\p{P}\p{S}]) (?=[^:：]{2,30}[:：])/gu,
  )) {
    const field = fieldOf(text.slice(index + 1))
    if (field?.kind === 'recommendation' && field.value !== '') {
      return [text.slice(0, index).replace(/(?<![\s—–-])[\s—–-]+$/, ''), field.value]
    }
  }
  return [text]
}

const PATH = '[\\w@./-]{1,200}\\.\\w{1,8}'
const LINES = '(?:(?::|#L)\\d{1,7}(?:-L?\\d{1,7})?(?::\\d{1,5})?)'

/** Removes the place before, after or inside a title. */
export function withoutPlace(title: string): string {
  return title
    .replace(new RegExp(`^[[(]?${PATH}${LINES}[\\])]? ?[:–—-]{0,2} (?=\\S)`, 'u'), '')
    .replace(
      new RegExp(` ?[([]${PATH}(?:${LINES}|,? lines? \\d{1,7}(?:[–-]\\d{1,7})?)[)\\]]`, 'u'),
      '',
    )
    .replace(new RegExp(` (?:[–—-]|in|at) ${PATH}${LINES}$`, 'u'), '')
}

function setPlace(found: Found, value: string): void {
  const inText = placeIn(value)
  const { file, line } = inText ?? placeOf({ file: plainText(value) })
  if (found.place?.from === 'field') return
  // "The whole module" is not a file.
  if (file === undefined || (inText === undefined && /\s|^\d+$/.test(file))) return
  found.place = { file, from: 'field', ...(line === undefined ? {} : { line }) }
}

/** Takes the place that a text names, unless a better one is known. */
export function lookForPlace(found: Found, text: string): void {
  if (found.place !== undefined && (found.place.from === 'field' || found.place.line)) return
  const place = placeIn(text)
  if (place?.file === undefined || (place.line === undefined && text !== found.title)) return
  found.place = {
    file: place.file,
    from: 'text',
    ...(place.line === undefined ? {} : { line: place.line }),
  }
}

/** Puts a finding that names no file into the one that it is listed under. */
export function putInto(found: Found, place: Place): void {
  if (found.place !== undefined || place.file === undefined) return
  const [, named] =
    /\(?\b(?:lines? |L)(\d{1,7})/i.exec([found.title, ...found.parts.detail].join(' ')) ?? []
  const line = found.line ?? (named === undefined ? place.line : Number(named))
  found.title = found.title.replace(/ \(?(?:lines? |L)\d{1,7}(?:[–-]L?\d{1,7})?\)?$/i, '')
  found.place = {
    file: place.file,
    from: 'text',
    ...(line === undefined ? {} : { line }),
  }
}

function firstNumber(text: string): number | undefined {
  const number = Number(/\d{1,7}/.exec(text)?.[0])
  return number >= 1 ? number : undefined
}

function share(text: string): number | undefined {
  const words: Record<string, number> = { certain: 1, high: 0.9, medium: 0.6, low: 0.3 }
  const word = text.toLowerCase().split(/[^a-z]/, 1)[0] ?? ''
  if (Object.hasOwn(words, word)) return words[word]
  const number = Number.parseFloat(text)
  const of10 = / ?\/ ?10\b/.test(text)
  const value = of10 ? number / 10 : text.includes('%') || number > 1 ? number / 100 : number
  return value >= 0 && value <= 1 ? value : undefined
}
