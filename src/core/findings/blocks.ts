import { shorten } from '../text/shorten.ts'
import { withoutToolShapes } from './tool-shapes.ts'

/** One line of Markdown, as the search for findings sees it. */
export interface Line {
  kind: 'heading' | 'item' | 'row' | 'text' | 'code' | 'break'
  /** Headings: 1 to 6, or 7 for a line that is entirely bold. Breaks: 1 for a horizontal rule. */
  level: number
  /** Columns before the text, or before the bullet of a list item. */
  indent: number
  /** Without its markup, and with spaces collapsed. Code is kept verbatim. */
  text: string
}

/** Longer lines are cut: nobody writes them by hand. */
const MAX_LINE = 10_000

const BULLET = /^(?:[-*+•‣]|\d{1,3}[.)]|\(\d{1,3}\)) (?=\S)/
const FENCE = /^(?:`{3,}(?=[^`]*$)|~{3,})/

/**
 * The headings, list items, table rows and code lines of a Markdown text, without quotations and
 * HTML comments. It reads block structure only, in one pass and with patterns that take linear
 * time, because the input is untrusted and may be several megabytes.
 */
export function readLines(text: string): Line[] {
  const raw = withoutToolShapes(text.split('\n').map((line) => shorten(line, MAX_LINE).trimEnd()))
  const closing = closingFences(raw)
  const lines: Line[] = []
  let fence: string | undefined
  let inComment = false
  let inTable = false
  raw.forEach((line, index) => {
    const trimmed = line.trim()
    if (fence !== undefined) {
      if (isClosing(trimmed, fence)) fence = undefined
      else lines.push({ kind: 'code', level: 0, indent: 0, text: line })
      return
    }
    const marks = FENCE.exec(trimmed)?.[0]
    // A fence that is never closed hides nothing: somebody forgot to close it, or the text was cut.
    if (marks !== undefined && (closing[marks[0] as '`' | '~'][index + 1] ?? 0) >= marks.length) {
      fence = marks
      return
    }
    if (inComment || trimmed.startsWith('<!--')) {
      inComment = !trimmed.includes('-->')
      return
    }
    if (trimmed.startsWith('>') || marks !== undefined) return
    if (trimmed === '') {
      inTable = false
      lines.push({ kind: 'break', level: 0, indent: 0, text: '' })
      return
    }
    if (/^(?:-{3,}|\*{3,}|_{3,})$/.test(trimmed) && lines.at(-1)?.kind !== 'text') {
      lines.push({ kind: 'break', level: 1, indent: 0, text: '' })
      return
    }
    inTable = trimmed.includes('|') && (inTable || isDelimiter(raw[index + 1]))
    lines.push(lineOf(line, trimmed, inTable || /^\|.+\|/.test(trimmed)))
    underline(lines)
  })
  return lines
}

function lineOf(line: string, trimmed: string, isRow: boolean): Line {
  const indent = line.length - line.trimStart().length + (line.match(/^ *\t/) ? 3 : 0)
  if (isRow) return { kind: 'row', level: 0, indent, text: trimmed }
  const text = withoutTags(trimmed).replace(/\s+/g, ' ').trim()
  const hashes = /^#{1,6}(?=\s)|^#{2,6}(?=[\p{L}[*])/u.exec(text)?.[0]
  if (hashes !== undefined && indent <= 3) {
    const heading = text.slice(hashes.length).trim()
    return { kind: 'heading', level: hashes.length, indent, text: withoutHashes(heading) }
  }
  const bullet = BULLET.exec(text)?.[0]
  if (bullet !== undefined) {
    return { kind: 'item', level: 0, indent, text: text.slice(bullet.length).trim() }
  }
  const strong = boldWhole(text)
  if (strong !== undefined) return { kind: 'heading', level: 7, indent, text: strong }
  return { kind: 'text', level: 0, indent, text }
}

/** `Title` over a line of `=` or `-` is a heading. */
function underline(lines: Line[]): void {
  const [above, line] = lines.slice(-2)
  if (above?.kind !== 'text' || line === undefined || above.text.length > 300) return
  const level = /^=+$/.test(line.text) ? 1 : /^-{3,}$/.test(line.text) ? 2 : undefined
  if (level === undefined) return
  lines.splice(-2, 2, { kind: 'heading', level, indent: 0, text: above.text })
}

/** The text of a line that is entirely bold: `**Title**`, `__Title__`, `**Title:**`. */
function boldWhole(text: string): string | undefined {
  const mark = text.startsWith('**') ? '**' : text.startsWith('__') ? '__' : undefined
  if (mark === undefined) return undefined
  const end = text.indexOf(mark, 2)
  const after = text.slice(end + 2)
  return end > 2 && (after === '' || after === ':') ? text.slice(2, end).trim() : undefined
}

function withoutHashes(heading: string): string {
  let end = heading.length
  while (end > 0 && heading[end - 1] === '#') end -= 1
  return end === 0 || heading[end - 1] === ' ' ? heading.slice(0, end).trim() : heading
}

/** Removes the HTML tags that people put into Markdown. Other tags stay: they may be code. */
function withoutTags(text: string): string {
  return text.includes('<')
    ? text.replace(
        /<\/?(?:details|summary|b|strong|i|em|br|p|div|span|a|h[1-6]|sub|sup|hr|img|u|center|font|kbd|li|ul|ol)(?:\s[^<>]*)?\/?>/gi,
        ' ',
      )
    : text
}

function isDelimiter(line: string | undefined): boolean {
  return line !== undefined && /^[\s|:-]+$/.test(line) && line.includes('-') && line.includes('|')
}

function isClosing(trimmed: string, fence: string): boolean {
  return (
    trimmed.length >= fence.length && trimmed.startsWith(fence) && isOnly(trimmed, fence[0] ?? '')
  )
}

function isOnly(text: string, char: string): boolean {
  return text.replaceAll(char, '') === ''
}

/** For each line, the length of the longest closing fence of either kind on it or below. */
function closingFences(raw: readonly string[]): Record<'`' | '~', Uint16Array> {
  const longest = { '`': new Uint16Array(raw.length + 1), '~': new Uint16Array(raw.length + 1) }
  for (let index = raw.length - 1; index >= 0; index -= 1) {
    const trimmed = (raw[index] ?? '').trim()
    for (const char of ['`', '~'] as const) {
      const length = trimmed.startsWith(char) && isOnly(trimmed, char) ? trimmed.length : 0
      longest[char][index] = Math.max(longest[char][index + 1] ?? 0, length)
    }
  }
  return longest
}
