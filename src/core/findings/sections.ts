import type { Severity } from '../contract/findings.ts'
import { type Line, readLines } from './blocks.ts'
import { type Field, fieldOf, kindOf } from './field-names.ts'
import { severityOf } from './severity-words.ts'
import { type Marked, plainText, readMarks } from './title-marks.ts'

/** A heading and what is below it, up to the next heading of its rank. */
export interface Section {
  /** 0 for the whole text, 1 to 6 for headings, 7 for a bold line. */
  level: number
  heading: string
  /** What the heading says the section is for. */
  role: 'field' | 'group' | 'skip' | 'frame' | 'other'
  marked: Marked
  /** Only for a `field`. */
  field: Field | undefined
  /** Only for a `group`, such as `## High Risk`. */
  severity: Severity | undefined
  /** The severity that is alone on the line above. */
  severityAbove: Severity | undefined
  /** Its own lines, without those of its subsections. */
  lines: Line[]
  sections: Section[]
}

/** Sections that contain findings but are not findings themselves. */
const FRAMES =
  /^(?:(?:security|detailed|key|all|main|audit|code|review|technical|static analysis|manual|identified|open|new|other|additional|major|notable) )*(?:findings?|issues?|results?|vulnerabilit(?:y|ies)|problems?|report|review|audit|details|analysis|assessment|observations?|concerns?)(?: (?:summary|details?|overview|list|found|identified|report|by severity|by priority|by file|by category|by component|results?|and recommendations?))*$/i
/** Sections that talk about findings but report none. */
const SKIPPED =
  /\b(?:risk|severity|issue|impact|likelihood|priority) (?:classifications?|definitions?|levels?|criteria|ratings?|legend|scale|matrix|guide|key|categories|descriptions?|breakdown|distribution|overview)\b|^(?:classification|legend|key|methodology|disclaimers?|table of contents|contents|toc|index|scope|out of scope|about\b.*|introduction|appendix\b.*|references?|glossary|what (?:i|we) (?:checked|reviewed|looked at)|positives?(?: (?:observations?|findings?|aspects?|notes?|points?))?|strengths?|what (?:works|went|is done|was done|looks) (?:well|good)|good practices?(?: observed)?|well done|checklist|verdict|conclusions?|next steps|(?:my |the )?(?:plan|approach)|change ?log|release notes|changes made|files changed|legende|inhalt|inhaltsverzeichnis|examples?|output format|action required for severity levels|how (?:findings|issues|severity) (?:are|is) .*)$/i
const GROUPS_OF_INFO =
  /^(?:gas|gas (?:optimi[sz]ations?|savings?|findings?|issues?|report)|optimi[sz]ations?|non[- ]?critical|qa|quality assurance|quality|undetermined|informational|best practices?|notes? (?:&|and) additional information|code quality|nits?|nitpicks?|notes?)(?: (?:findings?|issues?|risks?|notes?|items?|recommendations?))?$/i

export function readSections(text: string): Section {
  const root = sectionOf({ kind: 'heading', level: 0, indent: 0, text: '' })
  const open: Section[] = [root]
  let above: { severity: Severity; at: Section } | undefined
  const lines = readLines(text)
  lines.forEach((line, index) => {
    const top = open.at(-1) ?? root
    if (line.kind !== 'heading' || (line.level === 7 && !opensSection(line))) {
      const alone = top.field?.kind === 'severity' ? undefined : aloneAbove(lines, index)
      if (alone === undefined)
        top.lines.push(
          line.kind === 'heading' ? { ...line, kind: 'text', text: `**${line.text}**` } : line,
        )
      else above = { severity: alone, at: top }
      return
    }
    const section = sectionOf(line)
    if (above !== undefined && section.role !== 'field') section.severityAbove = above.severity
    above = undefined
    while (open.length > 1 && (open.at(-1)?.level ?? 0) >= line.level) {
      // The heading of a finding's part often has the same rank as that of the finding.
      const last = open.at(-1)
      if (
        section.role === 'field' &&
        last !== undefined &&
        last.level === line.level &&
        takesParts(last)
      )
        break
      open.pop()
    }
    open.at(-1)?.sections.push(section)
    open.push(section)
  })
  return root
}

function sectionOf(line: Line): Section {
  const marked = readMarks(line.text)
  const bare = plainText(line.text.replace(/^(?:\p{Extended_Pictographic}|\uFE0F| )+/u, ''))
  const unnumbered = bare
    .replace(/^(?:\d{1,2}(?:\.\d{1,2}){0,3}[.)]?|[IVX]{1,4}[.)]) /, '')
    .replace(/[:：]$/, '')
  const kind = kindOf(unnumbered)
  const field = kind === undefined ? fieldOf(line.text) : { kind, value: '' }
  const group = groupOf(unnumbered)
  const role = SKIPPED.test(unnumbered)
    ? 'skip'
    : group !== undefined && !(field !== undefined && field.value !== '')
      ? 'group'
      : field !== undefined && field.kind !== 'title'
        ? 'field'
        : FRAMES.test(unnumbered.replace(/ ?\([^()]{0,40}\)$/, ''))
          ? 'frame'
          : 'other'
  return {
    level: line.level,
    heading: line.text,
    role,
    marked,
    field: role === 'field' ? field : undefined,
    severity: role === 'group' ? group : undefined,
    severityAbove: undefined,
    lines: [],
    sections: [],
  }
}

function groupOf(heading: string): Severity | undefined {
  if (heading.length > 100) return undefined
  // "Low / Informational", "Critical Issues (Must Fix)", "High (3)", "Medium — fix soon".
  const [first = ''] = heading.split(/ [–—-] /, 1)
  const bare = first
    .replace(/ ?[([][^()[\]]{0,60}[)\]]/g, ' ')
    .replace(/ ?[:：].*/s, (rest) =>
      severityOf(rest) === undefined && !/^ ?[:：] ?\d*$/.test(rest) ? rest : ' ',
    )
  return (
    severityOf(bare) ?? severityOf(first) ?? (GROUPS_OF_INFO.test(bare.trim()) ? 'info' : undefined)
  )
}

/** Whether the headings after it name its parts: it is a finding whose parts have the same rank. */
function takesParts(section: Section): boolean {
  return (
    section.role === 'other' &&
    !section.sections.some((part) => part.role === 'field' && part.level > section.level)
  )
}

/**
 * A bold line starts a section if it is a field, names a severity or is numbered like a heading.
 */
function opensSection(line: Line): boolean {
  const { role, marked } = sectionOf(line)
  if (role === 'field' || role === 'group') return true
  return (
    marked.severity !== undefined || marked.isCounted === true || /^\d{1,3}[.)] /.test(line.text)
  )
}

/** The severity that is alone on a line, directly above the heading it belongs to. */
function aloneAbove(lines: readonly Line[], index: number): Severity | undefined {
  const line = lines[index]
  if (line?.kind !== 'text' || line.text.length > 40) return undefined
  let next = index + 1
  while (lines[next]?.kind === 'break') next += 1
  const heading = lines[next]
  if (heading?.kind !== 'heading' || heading.level === 7) return undefined
  if (kindOf(heading.text) !== undefined) return undefined
  return (
    severityOf(line.text) ??
    (fieldOf(line.text)?.kind === 'severity'
      ? severityOf(fieldOf(line.text)?.value ?? '')
      : undefined)
  )
}
