import type { Severity } from '../contract/findings.ts'
import type { Line } from './blocks.ts'
import { type FieldKind, fieldOf } from './field-names.ts'
import { findingsInTable } from './findings-in-tables.ts'
import {
  addCode,
  addText,
  type Found,
  lookForPlace,
  newFound,
  putInto,
  splitTitle,
} from './found-finding.ts'
import { saysNothing } from './nothing.ts'
import { type Place, placeAlone, placeIn } from './places.ts'
import { severityBelow, severityNext } from './severity-below.ts'
import { severityInValue, severityOf } from './severity-words.ts'
import { type Marked, readMarks } from './title-marks.ts'

interface Open {
  found: Found
  /** Column of its first line; deeper lines belong to it. */
  indent: number
  /** The field that the following lines continue. */
  kind: FieldKind
  isItem: boolean
  /** The fields that were given explicitly. */
  said: Set<FieldKind>
}

/**
 * The findings among the list items, paragraphs and table rows of a section: those marked with a
 * severity, those under a heading that names one (`group`), and those with a severity field.
 */
export function findingsInLists(lines: readonly Line[], group: Severity | undefined): Found[] {
  const found: Found[] = []
  let open: Open | undefined
  /** An item or line that becomes a finding if the lines below name its severity. */
  let candidate: { line: Line; index: number; fields: [FieldKind, string][] } | undefined
  /** `Critical issues:` above a list, or an item with nested items. */
  let inList: { severity: Severity; indent: number; isItem: boolean } | undefined
  /** `- src/a.ts` over nested items, or `src/a.ts:12` over a paragraph. */
  let inFile: { place: Place; indent: number; isItem: boolean } | undefined
  const listed: { found: Found; place: Place }[] = []
  let afterBreak = true
  const start = (title: string, severity: Severity | undefined, line: Line, id?: string) => {
    const { title: name, more, advice } = splitTitle(title)
    if (saysNothing(name) || saysNothing(title)) return undefined
    const next = newFound(name, severity, id)
    lookForPlace(next, title)
    if (more !== undefined) addText(next, more)
    if (advice !== undefined) addText(next, advice, 'recommendation')
    next.isBrief = true
    found.push(next)
    if (inFile !== undefined) listed.push({ found: next, place: inFile.place })
    open = {
      found: next,
      indent: line.indent,
      kind: 'detail',
      isItem: line.kind === 'item',
      said: new Set(),
    }
    candidate = undefined
    return next
  }
  const say = (next: Found, fields: readonly [FieldKind, string][]) => {
    for (const [kind, value] of fields) {
      open?.said.add(kind)
      addText(next, value, kind)
    }
  }
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index]
    if (line === undefined) break
    if (line.kind === 'break') {
      afterBreak = true
      if (line.level === 1) {
        open = undefined
        candidate = undefined
        inList = undefined
      }
      continue
    }
    const isNew = afterBreak
    afterBreak = false
    if (line.kind === 'code') {
      if (open !== undefined) addCode(open.found, line.text, open.kind)
      continue
    }
    if (line.kind === 'row') {
      const rows = rowsFrom(lines, index)
      found.push(...findingsInTable(rows))
      index += rows.length - 1
      open = undefined
      continue
    }
    const belongs =
      open !== undefined &&
      !(isNew && line.kind === 'text' && severityNext(lines, index)) &&
      (line.indent > open.indent || (line.kind !== 'item' && !(open.isItem && isNew)))
    const field = fieldOf(line.text)
    if (field !== undefined) {
      const names =
        field.kind === 'title'
          ? !(belongs && open?.found.title === '')
          : field.kind === 'detail' &&
            line.kind === 'text' &&
            (open === undefined || open.said.has('severity')) &&
            severityBelow(lines, index)
      if (names && field.value !== '') {
        const marked = readMarks(field.value)
        const severity = marked.severity ?? severityAmong(candidate) ?? inList?.severity ?? group
        const before = candidate
        if (severity !== undefined || severityBelow(lines, index)) {
          const next = start(marked.title, severity, line, marked.id)
          if (next !== undefined) say(next, before?.fields ?? [])
          continue
        }
      }
      if (
        open !== undefined &&
        (belongs || isSibling(open, line, field.kind)) &&
        !(isSibling(open, line, field.kind) && open.said.has(field.kind))
      ) {
        open.said.add(field.kind)
        addText(open.found, field.value, field.kind)
        open.kind = field.kind
        continue
      }
      if (
        candidate !== undefined &&
        (line.indent > candidate.line.indent ||
          candidate.line.kind === 'text' ||
          candidate.fields.length > 0)
      ) {
        const severity = field.kind === 'severity' ? severityInValue(field.value) : undefined
        candidate.fields.push([field.kind, field.value])
        if (severity !== undefined && candidate.line.text !== '') {
          const { fields } = candidate
          const next = startCandidate(candidate, severity, start)
          if (next !== undefined) say(next, fields)
        } else if (group !== undefined || inList !== undefined) {
          // `- **File**: …`, `- **Issue**: …` below a heading that names the severity.
          if (isNamedBy(field.kind) && candidate.line.text === '') {
            const { fields } = candidate
            const next = start(field.value, inList?.severity ?? group, candidate.line)
            if (next !== undefined) say(next, fields.slice(0, -1))
          }
        }
        continue
      }
      open = undefined
      if (
        isNamedBy(field.kind) &&
        field.value !== '' &&
        line.kind === 'item' &&
        (inList?.severity ?? group) !== undefined
      ) {
        start(field.value, inList?.severity ?? group, line)
        continue
      }
      candidate = { line: { ...line, text: '' }, index, fields: [[field.kind, field.value]] }
      continue
    }
    const over = placeAlone(line.text)
    const isOver = over !== undefined && (line.kind === 'item' || isNew)
    if (isOver && (!belongs || line.text.startsWith('**'))) {
      inFile = { place: over, indent: line.indent, isItem: line.kind === 'item' }
      open = undefined
      candidate = undefined
      continue
    }
    if (inFile?.isItem === true && line.indent <= inFile.indent) inFile = undefined
    const alone = groupOver(line)
    if (alone !== undefined && (!belongs || line.kind === 'item')) {
      inList = { severity: alone, indent: line.indent, isItem: line.kind === 'item' }
      open = undefined
      candidate = undefined
      continue
    }
    if (
      inList !== undefined &&
      (inList.isItem
        ? line.indent <= inList.indent
        : line.kind === 'text' && isNew && line.indent === 0)
    ) {
      inList = undefined
    }
    const marked = readMarks(line.text)
    if (isMarked(marked, line) && !(belongs && line.kind === 'text' && !isNew && open?.isItem)) {
      if (start(marked.title, marked.severity, line, marked.id) === undefined) open = undefined
      continue
    }
    if (belongs && open !== undefined) {
      addText(open.found, line.text, open.kind)
      continue
    }
    const severity = inList?.severity ?? group
    if (severity !== undefined && isEntry(line, isNew)) {
      if (start(marked.title, severity, line, marked.id) === undefined) open = undefined
      continue
    }
    open = undefined
    candidate = { line, index, fields: [] }
  }
  // At the end: their own fields and texts may name a better place.
  for (const each of listed) putInto(each.found, each.place)
  return found.filter(({ title }) => title !== '')
}

function startCandidate(
  { line }: { line: Line },
  severity: Severity,
  start: (title: string, severity: Severity, line: Line, id?: string) => Found | undefined,
): Found | undefined {
  const marked = readMarks(line.text)
  return start(marked.title, marked.severity ?? severity, line, marked.id)
}

/** Fields that can serve as the title of a finding without one. */
function isNamedBy(kind: FieldKind): boolean {
  return kind === 'title' || kind === 'detail'
}

/**
 * `- File: …` and `- Line: …` side by side are fields of one finding; a repeated field starts
 * another.
 */
function isSibling(open: Open, line: Line, kind: FieldKind): boolean {
  return (
    line.indent === open.indent &&
    line.kind === (open.isItem ? 'item' : line.kind) &&
    !isNamedBy(kind)
  )
}

function severityAmong(
  candidate: { fields: [FieldKind, string][] } | undefined,
): Severity | undefined {
  const value = candidate?.fields.find(([kind]) => kind === 'severity')?.[1]
  return value === undefined ? undefined : severityInValue(value)
}

/** `Critical issues:` and `- **High**` give the severity of what follows them. */
function groupOver(line: Line): Severity | undefined {
  if (line.kind === 'heading' || line.text.length > 80) return undefined
  const isOver =
    line.kind === 'item' ? /[:：*_]$|^\p{L}+$/u.test(line.text) : /[:：]\**$/.test(line.text)
  return isOver
    ? severityOf(line.text.replace(/^(?:\p{Extended_Pictographic}|\uFE0F| )+/u, ''))
    : undefined
}

/**
 * In prose, a severity and a colon mean little ("High: 32 °C"), so a paragraph needs stronger
 * marks.
 */
function isMarked(marked: Marked, line: Line): boolean {
  if (marked.severity === undefined || marked.title === '') return false
  if (line.kind === 'item') return true
  if (/^\d/.test(marked.title)) return false
  // "**Warning:** the container has no network" is about the review, unless it names a place.
  if (/^\W{0,6}warn(?:ing)?\b/i.test(line.text) && placeIn(line.text) === undefined) return false
  return (
    marked.isCounted === true ||
    /^(?:\p{Extended_Pictographic}|[✗✘✖×►❯]|\uFE0F| )*(?:\*\*|__|[[【`]|[PS]\d ?[:：]|(?:critical|high|medium|low)(?: (?:severity|priority|risk))? ?[:：])/iu.test(
      line.text,
    )
  )
}

/**
 * An entry of a list below a heading that names the severity. A paragraph counts if it has a bold
 * lead or names a place.
 */
function isEntry(line: Line, isNew: boolean): boolean {
  if (line.kind === 'item') return true
  if (!isNew || line.text.endsWith(':') || /^https?:\S+$/.test(line.text)) return false
  return (
    /^(?:\*\*|__)[^*_]{3,}(?:\*\*|__)/.test(line.text) ||
    /[\w/-]\.\w{1,5}(?::|#L|`?,? lines? )\d/.test(line.text)
  )
}

function rowsFrom(lines: readonly Line[], index: number): string[] {
  const rows: string[] = []
  for (let at = index; lines[at]?.kind === 'row'; at += 1) rows.push(lines[at]?.text ?? '')
  return rows
}
