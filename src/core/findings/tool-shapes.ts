import { fieldOf } from './field-names.ts'
import { severityOf } from './severity-words.ts'
import { plainText } from './title-marks.ts'

/** Longer lines are left as they are: nobody writes them by hand. */
const MAX_LINE = 2_000

const PATH = /^(?:[\w@.()[\]-]{1,100}\/){0,20}[\w@.()[\]-]{1,100}\.[A-Za-z]\w{0,7}$/
/** `<summary>src/a.ts (2)</summary>` and `src/a.ts (2)`: the comments below are on this file. */
const COMMENTED_FILE = /^(?:<summary>)?\s?(\S{1,300}) \(\d{1,4}\)(?:<\/summary>.{0,40})?$/
/** `` `22-30`: _⚠️ Potential issue_ | _🔴 Critical_ `` and `` `22-30`: **Title.** ``. */
const COMMENT = /^`(\d{1,7})(?:-\d{1,7})?`: ?(.{0,300})$/

/**
 * Rewrites lines that tools print in a form of their own into Markdown fields and items: comments of
 * review bots, several fields on one line or in the cells of a table row, `>> Issue: …`, and
 * `BLOCKER · Bug · src/a.ts:L3 · …`. All other lines stay as they are.
 */
export function withoutToolShapes(lines: readonly string[]): string[] {
  const rewritten: string[] = []
  let file: string | undefined
  let labels: { severity: string; place: string } | undefined
  let isCode = false
  for (const [index, whole] of lines.entries()) {
    if (/^\s*(?:```|~~~)/.test(whole)) isCode = !isCode
    if (isCode || whole.length > MAX_LINE) {
      rewritten.push(whole)
      continue
    }
    const line = whole.trim()
    const named = COMMENTED_FILE.exec(line)?.[1]
    if (named !== undefined && PATH.test(named)) file = named
    const [, number, said = ''] = (file === undefined ? null : COMMENT.exec(line)) ?? []
    if (number !== undefined) {
      const place = `${file}:${number}`
      const bold = boldAt(said)
      if (bold === undefined) labels = { severity: severityAmong(said), place }
      else rewritten.push(`- **[info] ${bold}** (${place})`)
      continue
    }
    const bold = labels === undefined ? undefined : boldAt(line)
    if (labels !== undefined && bold !== undefined) {
      rewritten.push(`- **[${labels.severity}] ${bold}** (${labels.place})`)
      labels = undefined
      continue
    }
    if (/^>> \p{L}/u.test(line) && !isQuoted(lines[index - 1]) && !isQuoted(lines[index + 1])) {
      rewritten.push(line.slice(3).replace(/^(\w+: )\[[\w:-]{1,120}\] /, '$1'))
      continue
    }
    rewritten.push(...(fieldsOn(line) ?? [itemOf(line) ?? whole]))
  }
  return rewritten
}

/** `**Title.** More` begins with a title. */
function boldAt(text: string): string | undefined {
  return /^\*\*([^*]{3,300})\*\*/.exec(text)?.[1]?.replace(/\.$/, '')
}

/** The severity among the labels of a comment; one that only calls it a nit, or nothing, is info. */
function severityAmong(labels: string): string {
  const named = labels.split('|').flatMap((label) => severityOf(label.replaceAll('_', ' ')) ?? [])
  return named[0] ?? (/potential issue/i.test(labels) ? 'medium' : 'info')
}

function isQuoted(line: string | undefined): boolean {
  return line?.trimStart().startsWith('>') === true
}

/** `**Severity**: High | **File**: src/a.ts` is two lines, and so is a table row of such cells. */
function fieldsOn(line: string): string[] | undefined {
  const isRow = line.startsWith('|') && line.endsWith('|')
  if (!isRow && !line.includes(' | ') && !line.includes(' · ') && !line.includes(' • ')) return
  const cells = (isRow ? line.slice(1, -1) : line)
    .split(isRow ? '|' : / [|·•] /)
    .map((cell) => cell.trim())
    .filter((cell) => cell !== '')
  if (cells.length < (isRow ? 1 : 2)) return
  const isField = (cell: string) => {
    const field = fieldOf(cell)
    return field !== undefined && field.value !== '' && /[:：]/.test(cell)
  }
  const [first = '', ...others] = cells
  // A name that is not known says as little as it would on a line of its own.
  const isKnown = (cell: string) => isField(cell) || /^(?:\*\*)?[\p{L} ]{2,20}[:：]/u.test(cell)
  return isField(first) && others.every(isKnown) ? cells : undefined
}

/** `- BLOCKER · Bug · src/a.ts:L3 · What is wrong`. */
function itemOf(line: string): string | undefined {
  if (!line.includes(' · ')) return undefined
  const [first = '', ...others] = line.replace(/^[-*+] /, '').split(' · ')
  const severity = /^\W{0,4}\p{Lu}+$/u.test(first) ? severityOf(first) : undefined
  if (severity === undefined || others.length === 0) return undefined
  const isPlace = (part: string) => PATH.test(plainText(part).replace(/:L?\d{1,7}.*$/, ''))
  const place = others.find(isPlace)?.replace(/:L(?=\d)/, ':')
  const said = others.filter((part) => !isPlace(part)).at(-1)
  if (said === undefined) return undefined
  return `- **[${severity}]** ${said}${place === undefined ? '' : ` (${place})`}`
}
