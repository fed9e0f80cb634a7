import { type FieldKind, kindOf } from './field-names.ts'
import { addText, type Found, newFound, splitTitle } from './found-finding.ts'
import { saysNothing } from './nothing.ts'
import { severityInValue, severityOf } from './severity-words.ts'
import { plainText, readMarks } from './title-marks.ts'

type Column = FieldKind | 'id'

const TITLES =
  /\b(?:findings?|issues?|titles?|problems?|vulnerabilit(?:y|ies)|weakness(?:es)?|bugs?|names?|what)\b|befund|constat|problème|hallazgo|problema|问题|问題|問題|문제|описание проблемы|проблема/i
const CHECKS = /^(?:checks?|checked|tests?|controls?|prüfung|检查项|チェック項目)$/i
const RESULTS = /^(?:results?|outcome|ergebnis|résultat|resultado|结果|結果)$/i
const PASSED =
  /^(?:\W{0,4}(?:pass(?:ed)?|ok|compliant|safe|clean|not applicable|n\/?a|none|no issues?|not found|bestanden)\b|✅)/iu
const TEXTS =
  /\b(?:description|summary|details?|explanation|impact|meaning|definition|criteria|notes?)\b|beschreibung|descripci|descri[çz]|描述|说明|説明|описание/i
const SEVERITIES =
  /\b(?:severity|sev|priority|risk|criticality|level|prio)\b|schwere|gravit|gravedad|gravidade|sévérité|severid|criticit|严重|嚴重|优先|優先|重要度|深刻度|심각|серь[её]зность|критичность|приоритет/i

/** The findings in a table that has a severity column and a column that says what was found. */
export function findingsInTable(rows: readonly string[]): Found[] {
  const cells = rows.map(cellsOf)
  const [header, ...body] = cells
  if (header === undefined) return []
  const columns = header.map(columnOf)
  if (!columns.includes('severity')) return []
  const says = titleColumn(columns, header)
  if (says === undefined) return []
  const result = header.findIndex((name) => RESULTS.test(plainText(name)))
  const entries = body.flatMap((row) => {
    if (result >= 0 && PASSED.test(row[result] ?? '')) return []
    const cell = (column: Column) => row[columns.indexOf(column)] ?? ''
    const severity =
      severityInValue(readMarks(cell('severity')).title) ??
      severityOf(cell('severity')) ??
      readMarks(`${cell('severity')} x`).severity
    const marked = readMarks(row[says] ?? '')
    const { title, more, advice } = splitTitle(marked.title)
    if (severity === undefined || saysNothing(title) || severityOf(title) !== undefined) return []
    const found = newFound(title, severity, idIn(cell('id')) ?? marked.id)
    for (const [index, column] of columns.entries()) {
      if (column !== undefined && column !== 'severity' && column !== 'id' && index !== says) {
        addText(found, row[index] ?? '', column)
      }
    }
    if (result >= 0 && columns[result] === undefined) addText(found, row[result] ?? '')
    if (more !== undefined) addText(found, more)
    if (advice !== undefined) addText(found, advice, 'recommendation')
    return [found]
  })
  return isLegend(header[says] ?? '', entries) ? [] : entries
}

/** A field of a finding that is written as a table row: `| Severity | High |`. */
export function fieldInRow(row: string): { kind: FieldKind; value: string } | undefined {
  const cells = cellsOf(row)
  const kind = cells.length === 2 ? kindOf(cells[0] ?? '') : undefined
  return kind === undefined ? undefined : { kind, value: cells[1] ?? '' }
}

function cellsOf(row: string): string[] {
  const inner = row.startsWith('|') ? row.slice(1) : row
  return (inner.endsWith('|') && !inner.endsWith('\\|') ? inner.slice(0, -1) : inner)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.replace(/\s+/g, ' ').trim())
}

function columnOf(header: string): Column | undefined {
  const name = plainText(header)
  if (/^(?:#|id|no\.?|nr\.?|nº|ref|编号|番号|№)$/i.test(name)) return 'id'
  const kind = kindOf(name)
  if (kind !== undefined) return kind
  if (SEVERITIES.test(name)) return 'severity'
  if (TITLES.test(name)) return 'title'
  if (TEXTS.test(name)) return 'detail'
  if (
    /\b(?:file|location|path|where)\b|datei|fichier|archivo|arquivo|文件|ファイル|파일/i.test(name)
  )
    return 'file'
  if (/^lines?\b/i.test(name)) return 'line'
  if (
    /recommend|\bfix|suggest|remedia|mitigat|\baction|empfehl|recommand|recomend|建议|建議|推奨|対策|권장/i.test(
      name,
    )
  )
    return 'recommendation'
  if (/categor|\btype\b|\barea\b/i.test(name)) return 'category'
  return undefined
}

function titleColumn(
  columns: readonly (Column | undefined)[],
  header: readonly string[],
): number | undefined {
  const named = header.findIndex((name) =>
    /^(?:title|titel|titre|título|标题|標題|タイトル)$/i.test(plainText(name)),
  )
  if (named >= 0) return named
  const titled = header.findIndex(
    (name, index) =>
      columns[index] === 'title' || (columns[index] === 'detail' && TITLES.test(name)),
  )
  const checked = header.findIndex((name) => CHECKS.test(plainText(name)))
  const index = titled >= 0 ? titled : checked >= 0 ? checked : columns.indexOf('detail')
  return index >= 0 ? index : undefined
}

/** A table that explains the severities names each of them once. */
function isLegend(header: string, entries: readonly Found[]): boolean {
  const severities = new Set(entries.map(({ severity }) => severity))
  return (
    entries.length >= 3 &&
    severities.size === entries.length &&
    TEXTS.test(header) &&
    !TITLES.test(header) &&
    entries.every(({ place, id }) => place === undefined && id === undefined)
  )
}

function idIn(cell: string): string | undefined {
  const id = plainText(cell)
    .replace(/[[\]()]/g, '')
    .trim()
  return id !== '' && id.length <= 30 ? id : undefined
}
