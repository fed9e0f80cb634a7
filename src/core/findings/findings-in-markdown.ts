import type { Finding, Severity } from '../contract/findings.ts'
import { placeOf } from './places.ts'
import { SEVERITY_PATTERN, severityOf } from './severity-words.ts'

/** `- **High**: …`, `* [HIGH] …`, `1. High – …`, `### Critical: …`: the severity and what follows it. */
const MARKED = new RegExp(
  `^(?:[*_]{2}|[[(\`【])*\\s*(${SEVERITY_PATTERN})(?:\\s+(?:severity|priority|risk))?\\s*(?:[*_]{2}|[\\])\`】])*\\s*(?:[:：]|[–—-]\\s|\\||(?<=[*_\\])\`】]))\\s*(?:[*_]{2})?\\s*(.*)$`,
  'iu',
)
const ITEM = /^(\s*)(?:[-*+•]|\d{1,3}[.)])\s+(.*)$/
const HEADING = /^\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$/
/** Names of fields, in some of the languages that agents answer in. */
const ADVICE =
  'recommendation|recommended fix|fix|suggestion|remediation|empfehlung|recommandation|recomendación|recomendação|raccomandazione|aanbeveling|рекомендация|建议|建議|修复建议|推奨|対策|권장'
const FILE = 'file|location|path|datei|fichier|archivo|arquivo|файл|文件|ファイル'
const LINE = 'line|zeile|ligne|línea|linha|строка'
const FIELD = new RegExp(
  `^(?:[-*+•]\\s+)?(?:[*_]{2})?(?:(${FILE})|(${LINE})|(${ADVICE})|(evidence|category|confidence|detail|details|description|impact))(?:[*_]{2})?\\s*[:：]\\s*(?:[*_]{2})?\\s*(.+)$`,
  'iu',
)
/** The advice that ends a finding on the same line: `… is built of text. Fix: bind it`. */
const ENDS_IN_ADVICE = new RegExp(
  `^(.*?[\\p{P}\\p{S}])\\s+(?:[*_]{2})?(?:${ADVICE})(?:[*_]{2})?\\s*[:：]\\s*(?:[*_]{2})?\\s*(.+)$`,
  'iu',
)
/** A path with an extension, and a line if there is one: `src/a.ts:12`. */
const PLACE =
  /(?:^|[\s(`[])((?:[\w@.-]+\/)*[\w@.-]+\.[A-Za-z][A-Za-z0-9]{0,7})(?:(?::|#L)(\d{1,7})|[`)]?,?\s+lines?\s+(\d{1,7}))?(?=$|[\s)`\],;:.])/

interface Open {
  finding: Finding
  indent: number
  detail: string[]
}

/** Findings that stand in a text as list items, headings or table rows which begin with a severity. */
export function findingsInMarkdown(text: string): Finding[] {
  const found: Finding[] = []
  let section: Severity | undefined
  let table: (string | undefined)[] | undefined
  let open: Open | undefined
  let fenced = false
  const close = () => {
    if (open !== undefined) found.push(withDetail(open))
    open = undefined
  }
  for (const line of text.split('\n')) {
    if (/^\s*(?:```|~~~)/.test(line)) {
      fenced = !fenced
      continue
    }
    if (fenced) continue
    const row = tableCells(line)
    if (row !== undefined) {
      if (table === undefined) table = row.map(columnOf)
      else if (table.includes('severity')) {
        const finding = rowFinding(row, table)
        if (finding !== undefined) {
          close()
          found.push(finding)
        }
      }
      continue
    }
    table = undefined
    const heading = HEADING.exec(line)?.[1]
    if (heading !== undefined) {
      close()
      section = severityOf(heading)
      const marked = markedFinding(heading)
      if (marked !== undefined) open = { finding: marked, indent: -1, detail: [] }
      continue
    }
    const item = ITEM.exec(line)
    const indent = item?.[1]?.length ?? 0
    const belongs = open !== undefined && (open.indent === -1 || indent > open.indent)
    if (item !== null && !(belongs && FIELD.test(item[2] ?? ''))) {
      const content = item[2] ?? ''
      const marked = markedFinding(content)
      if (marked !== undefined) {
        close()
        open = { finding: marked, indent, detail: [] }
        continue
      }
      if (section !== undefined && !belongs) {
        close()
        open = { finding: newFinding(section, content), indent, detail: [] }
        continue
      }
    }
    if (open === undefined || line.trim() === '') continue
    const continues = open.indent === -1 || /^\s+/.test(line)
    if (!continues) close()
    else addLine(open, line.trim())
  }
  close()
  return found.filter(({ title }) => title.trim() !== '')
}

function markedFinding(text: string): Finding | undefined {
  const [, mark = '', unmarked = ''] =
    /^((?:\p{Extended_Pictographic}|\uFE0F)*)\s*(.*)$/u.exec(text) ?? []
  const match = MARKED.exec(unmarked)
  const severity = severityOf(match?.[1] ?? '') ?? severityOf(mark)
  const rest = (match?.[2] ?? unmarked).trim()
  return severity === undefined || rest === '' ? undefined : newFinding(severity, rest)
}

function newFinding(severity: Severity, whole: string): Finding {
  const [, text = whole, advice] = ENDS_IN_ADVICE.exec(whole) ?? []
  const place = PLACE.exec(text)
  const file = placeOf({ file: place?.[1], line: Number(place?.[2] ?? place?.[3]) || undefined })
  const [first = '', ...others] = plain(text).split(/(?<=[.!?])\s+(?=\p{Lu})/u)
  const title = first
    .replace(/\s*[([]\s*[\w@./-]+\.\w+(?:(?::|#L)\d+)?(?:\s*,?\s*lines?\s+\d+)?\s*[)\]]\s*/, ' ')
    .replace(/\s+(?:[–—-]|in|at)\s+[\w@./-]+\.\w+(?::|#L)\d+\s*$/u, '')
    .replace(/[\s.:–—-]+$/u, '')
    .trim()
  return {
    title: (title === '' ? first : title).slice(0, 300),
    severity,
    confidence: 0.5,
    ...(file.file === undefined ? {} : { file: file.file }),
    ...(file.line === undefined ? {} : { line: file.line }),
    ...(others.length > 0 || title.length > 300 ? { detail: plain(text) } : {}),
    ...(advice === undefined ? {} : { recommendation: plain(advice) }),
  }
}

function setPlace(finding: Finding, value: string): void {
  const place = PLACE.exec(` ${value}`)
  const { file, line } = placeOf({
    file: place?.[1] ?? value,
    line: Number(place?.[2] ?? place?.[3]) || undefined,
  })
  if (file !== undefined) finding.file = file
  if (line !== undefined) finding.line = line
}

function setLine(finding: Finding, value: string): void {
  const line = Number.parseInt(value, 10)
  if (line >= 1) finding.line = line
}

function setConfidence(finding: Finding, value: string): void {
  const number = Number.parseFloat(value)
  const share = value.includes('%') || number > 1 ? number / 100 : number
  if (share >= 0 && share <= 1) finding.confidence = share
}

/** A line below a finding: one of its fields, or more of its detail. */
function addLine({ finding, detail }: Open, line: string): void {
  const [match, file, lineNumber, advice, name, said] = FIELD.exec(line) ?? []
  const value = plain(said ?? '')
  if (match === undefined) detail.push(plain(line.replace(/^[-*+•]\s+/, '')))
  else if (file !== undefined) setPlace(finding, value)
  else if (lineNumber !== undefined) setLine(finding, value)
  else if (advice !== undefined) finding.recommendation = value
  else if (/^evidence$/i.test(name ?? '')) finding.evidence = value
  else if (/^category$/i.test(name ?? '')) finding.category = value
  else if (/^confidence$/i.test(name ?? '')) setConfidence(finding, value)
  else detail.push(value)
}

function withDetail({ finding, detail }: Open): Finding {
  if (detail.length === 0) return finding
  const text = [finding.detail, ...detail].filter((part) => part !== undefined).join('\n')
  return { ...finding, detail: text.slice(0, 4_000) }
}

function tableCells(line: string): string[] | undefined {
  const trimmed = line.trim()
  if (!trimmed.startsWith('|') || trimmed.length < 3) return undefined
  return trimmed
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => plain(cell))
}

type Column = 'severity' | 'title' | 'place' | 'line' | 'recommendation' | 'category'

function columnOf(header: string): Column | undefined {
  if (
    /severity|priority|risk|level|schwere|gravit|gravedad|gravidade|sévérité|severidad|严重|重要度|심각/i.test(
      header,
    )
  )
    return 'severity'
  if (
    /finding|issue|title|problem|description|summary|befund|beschreibung|constat|problème|hallazgo|descripci|问题|问題|問題|문제/i.test(
      header,
    )
  )
    return 'title'
  if (/file|location|path|where|datei|fichier|archivo|arquivo|文件|ファイル|파일/i.test(header))
    return 'place'
  if (/^line/i.test(header)) return 'line'
  if (
    /recommend|fix|suggest|remedia|action|empfehl|recommand|recomend|建议|建議|推奨|対策|권장/i.test(
      header,
    )
  )
    return 'recommendation'
  if (/categor|type|area/i.test(header)) return 'category'
  return undefined
}

function rowFinding(cells: readonly string[], columns: readonly (string | undefined)[]) {
  const cell = (column: Column) => cells[columns.indexOf(column)] ?? ''
  const severity = severityOf(cell('severity'))
  if (severity === undefined || cell('title') === '') return undefined
  const finding = newFinding(severity, cell('title'))
  if (cell('place') !== '') setPlace(finding, cell('place'))
  setLine(finding, cell('line'))
  if (cell('recommendation') !== '') finding.recommendation = cell('recommendation')
  if (cell('category') !== '') finding.category = cell('category')
  return finding
}

/** Without Markdown's emphasis and code marks. */
function plain(text: string): string {
  return text
    .replace(/\*\*|__|`/g, '')
    .replace(/\s+/g, ' ')
    .trim()
}
