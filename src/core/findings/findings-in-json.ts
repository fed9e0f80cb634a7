import type { Finding, Severity } from '../contract/findings.ts'
import { shorten } from '../text/shorten.ts'
import { placeOf } from './places.ts'
import { withoutReasoning } from './reasoning.ts'
import { severityInValue, severityOfNumber } from './severity-words.ts'

const LISTS = ['findings', 'issues', 'problems', 'vulnerabilities', 'results']

/**
 * The findings in a text that is JSON, or else in its fenced JSON blocks. Each may hold a list of
 * findings or a single one. Exact repeats in later blocks are dropped.
 */
export function findingsInJson(said: string): Finding[] {
  const { text } = withoutReasoning(said)
  const whole = findingsOf(parse(text.trim()))
  if (whole.length > 0) return whole
  const found = new Map<string, Finding>()
  for (const block of jsonBlocks(text)) {
    for (const finding of findingsOf(parse(block))) {
      const key = JSON.stringify(finding)
      if (!found.has(key)) found.set(key, finding)
    }
  }
  return [...found.values()]
}

function findingsOf(value: unknown): Finding[] {
  const list = listIn(value)
  if (list !== undefined) return list.flatMap((item) => toFinding(item) ?? [])
  // A single object must name a severity; otherwise a setting with a path would look like a
  // finding.
  return isRecord(value) && severityIn(value) !== undefined ? [toFinding(value) ?? []].flat() : []
}

/**
 * Follows fences line by line, so that the end of one code block is not taken for the start of
 * another.
 */
function* jsonBlocks(text: string): Generator<string> {
  let fence: string | undefined
  let isJson = false
  let block: string[] = []
  for (const line of text.split(/\r?\n/)) {
    const [, marks = '', label = ''] = /^ {0,3}(`{3,}|~{3,})\s*(\S*)/.exec(line) ?? []
    if (fence === undefined) {
      if (marks === '') continue
      fence = marks
      isJson = /^(?:json[5c]?)?$/i.test(label)
      block = []
    } else if (label === '' && marks.startsWith(fence)) {
      fence = undefined
      if (isJson) yield block.join('\n')
    } else {
      block.push(line)
    }
  }
}

function parse(text: string): unknown {
  // Most outputs are prose, and throwing an error costs far more than this check.
  if (!/^\s*[{[]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function listIn(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value
  if (!isRecord(value)) return undefined
  for (const name of LISTS) if (Array.isArray(value[name])) return value[name]
  return undefined
}

/** Reads a finding by the names that reviewers use. It needs a title, and a severity or a place. */
function toFinding(value: unknown): Finding | undefined {
  if (!isRecord(value)) return undefined
  const title = text(value, 'title', 'summary', 'message', 'name', 'issue', 'problem', 'finding')
  const severity = severityIn(value)
  const { file, line } = placeOf({
    file: text(value, 'file', 'path', 'filename', 'filePath', 'location'),
    line: wholeNumber(value.line ?? value.lineNumber ?? value.startLine ?? value.start_line),
  })
  const detail = text(value, 'detail', 'details', 'description', 'failure_scenario', 'explanation')
  const name = title ?? detail
  if (name === undefined || (severity === undefined && file === undefined)) return undefined
  return {
    title: shorten(name.split('\n', 1)[0] ?? name, 300, '…'),
    severity: severity ?? 'medium',
    confidence: confidence(value.confidence),
    ...defined({
      category: text(value, 'category', 'type', 'rule', 'ruleId', 'perspective'),
      file,
      line,
      detail,
      evidence: text(value, 'evidence', 'snippet', 'code'),
      recommendation: text(value, 'recommendation', 'fix', 'suggestion', 'remediation', 'action'),
    }),
  }
}

/** In words or as a CVSS score: `"high"`, `"P1"`, `9.8`, `"CVSS:3.1 7.5"`. */
function severityIn(value: Record<string, unknown>): Severity | undefined {
  const said = text(value, 'severity', 'level', 'priority', 'risk', 'criticality')
  const inWords = said === undefined ? undefined : severityInValue(said)
  if (inWords !== undefined) return inWords
  for (const name of ['cvss', 'cvssScore', 'cvss_score', 'baseScore', 'score', 'severity']) {
    const score = value[name]
    if (typeof score === 'string') return severityInValue(score)
    // A small whole number may be on a scale that counts from either end.
    if (typeof score === 'number' && (!Number.isInteger(score) || score > 5)) {
      return severityOfNumber(score)
    }
  }
  return undefined
}

/** From 0 to 1, as a percentage, or in a word; 0.5 if nothing is given. */
function confidence(value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value
  if (typeof value === 'number' && value > 1 && value <= 100) return value / 100
  if (typeof value !== 'string') return 0.5
  const words: Record<string, number> = {
    certain: 1,
    high: 0.9,
    medium: 0.6,
    moderate: 0.6,
    low: 0.3,
  }
  const word = value.trim().toLowerCase()
  if (Object.hasOwn(words, word)) return words[word] ?? 0.5
  const number = Number.parseFloat(word)
  return Number.isNaN(number) ? 0.5 : confidence(word.endsWith('%') ? number / 100 : number)
}

function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number.parseInt(value, 10) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 1
    ? number
    : undefined
}

function text(value: Record<string, unknown>, ...names: string[]): string | undefined {
  for (const name of names) {
    const found = value[name]
    if (typeof found === 'string' && found.trim() !== '') return found.trim()
  }
  return undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
