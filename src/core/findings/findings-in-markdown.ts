import type { Finding, Severity } from '../contract/findings.ts'
import { type FieldKind, fieldOf } from './field-names.ts'
import { findingsInLists } from './findings-in-lists.ts'
import { fieldInRow } from './findings-in-tables.ts'
import {
  addCode,
  addText,
  asFinding,
  type Found,
  lookForPlace,
  newFound,
  putInto,
  withoutPlace,
} from './found-finding.ts'
import { saysNothing } from './nothing.ts'
import { placeAlone } from './places.ts'
import { readSections, type Section } from './sections.ts'
import { severityInValue, severityOf, severityOfScore } from './severity-words.ts'
import { cleanTitle } from './title-marks.ts'

/**
 * The findings in a Markdown text: sections with a severity (in the heading, in a field below it,
 * or from an enclosing section), and list items, paragraphs and table rows with one.
 */
export function findingsInMarkdown(text: string): Finding[] {
  const found: Found[] = []
  visit(readSections(text), { group: undefined, isDirect: true }, found)
  return withoutRepeats(found).flatMap((one) => asFinding(one) ?? [])
}

interface Context {
  /** The severity that an enclosing section names. */
  group: Severity | undefined
  /** Whether the sections here are entries of that group rather than parts of an entry. */
  isDirect: boolean
}

function visit(section: Section, context: Context, found: Found[]): void {
  if (section.role === 'skip') return
  // "Low severity issues" with its own impact and advice is a finding with an odd title, not a
  // group.
  if (section.role === 'group' && !hasPartsOfFinding(section)) {
    visitParts(section, { group: section.severity, isDirect: true }, found)
    return
  }
  const strength = section.level === 0 ? 'none' : strengthOf(section, context)
  if (strength === 'strong' || (strength === 'weak' && !holdsFindings(section))) {
    const own = findingOf(section, context)
    if (own !== undefined) {
      found.push(own)
      collectStrong(section, found)
      return
    }
  }
  // Advice at the end of a report repeats findings that were already read.
  if (section.field?.kind === 'recommendation') return
  visitParts(section, context, found)
}

function visitParts(section: Section, context: Context, found: Found[]): void {
  const first = found.length
  found.push(...findingsInLists(section.lines, context.isDirect ? context.group : undefined))
  for (const part of section.sections) visit(part, context, found)
  const place = placeAlone(section.heading)
  if (place !== undefined) for (const one of found.slice(first)) putInto(one, place)
}

/**
 * How likely a section is to be a finding: `strong` if it states a severity, `weak` if only its
 * place or its parts suggest one.
 */
function strengthOf(section: Section, context: Context): 'strong' | 'weak' | 'none' {
  const { marked, role } = section
  if (role === 'group' && hasPartsOfFinding(section)) return 'weak'
  if (role !== 'other') return 'none'
  if (saysNothing(marked.title) && titleBelow(section) === undefined) return 'none'
  if (marked.severity !== undefined) return 'strong'
  if (section.severityAbove !== undefined || ownSeverity(section) !== undefined) return 'strong'
  if (context.group !== undefined && context.isDirect && section.level <= 6) return 'weak'
  const kinds = partKinds(section)
  if (marked.isCounted === true && kinds.size > 0) return 'weak'
  // Without a severity or a number, only the typical parts of a finding give it away.
  return hasPartsOfFinding(section) ? 'weak' : 'none'
}

/**
 * The severity in a section's own fields. Several are those of several findings. An impact stands
 * for it only if nothing else does.
 */
function ownSeverity(section: Section): Severity | undefined {
  const named: Severity[] = []
  let impact: Severity | undefined
  for (const line of section.lines) {
    if (line.kind === 'code') continue
    const field = line.kind === 'row' ? fieldInRow(line.text) : fieldOf(line.text)
    if (field?.kind === 'severity') named.push(...list(severityInValue(field.value)))
    else if (field?.kind === 'score') named.push(...list(severityOfScore(field.value)))
    else if (field?.kind === 'impact') impact ??= severityOf(field.value)
  }
  const isList = section.lines.filter(({ text }) => fieldOf(text)?.kind === 'severity').length > 1
  if (isList) return undefined
  return named[0] ?? severityInParts(section) ?? impact
}

function list<T>(one: T | undefined): T[] {
  return one === undefined ? [] : [one]
}

function severityInParts(section: Section): Severity | undefined {
  for (const part of section.sections) {
    const { field } = part
    if (field?.kind !== 'severity' && field?.kind !== 'score') continue
    const value =
      field.value === ''
        ? (part.lines.find(({ kind }) => kind !== 'break')?.text ?? '')
        : field.value
    const severity = field.kind === 'score' ? severityOfScore(value) : severityInValue(value)
    if (severity !== undefined && fieldOf(value) === undefined) return severity
  }
  return undefined
}

/** At least three headings such as "Impact", "Proof of Concept" and "Recommendation". */
function hasPartsOfFinding(section: Section): boolean {
  const fields = section.sections.flatMap(({ field }) => field ?? [])
  const count = (...kinds: FieldKind[]) => fields.filter(({ kind }) => kinds.includes(kind)).length
  return (
    fields.length >= 3 &&
    count('detail', 'impact', 'proof', 'evidence') >= 2 &&
    count('impact', 'proof', 'recommendation', 'file') >= 1
  )
}

function partKinds(section: Section): Set<string> {
  const kinds = new Set<string>()
  for (const line of section.lines) {
    const field =
      line.kind === 'row'
        ? fieldInRow(line.text)
        : line.kind === 'code'
          ? undefined
          : fieldOf(line.text)
    if (field !== undefined) kinds.add(field.kind)
  }
  for (const { field } of section.sections) if (field !== undefined) kinds.add(field.kind)
  return kinds
}

/**
 * Whether part of the section is certainly a finding, so that the section only frames its parts.
 */
function holdsFindings(section: Section): boolean {
  return section.sections.some(
    (part) =>
      (part.role === 'group' && part.level <= 6) ||
      (part.role === 'other' &&
        part.level <= 6 &&
        strengthOf(part, { group: undefined, isDirect: false }) === 'strong') ||
      holdsFindings(part),
  )
}

function findingOf(section: Section, context: Context): Found | undefined {
  const marked = section.role === 'group' ? { title: cleanTitle(section.heading) } : section.marked
  const below = titleBelow(section)
  const named = withoutPlace(marked.title)
  const title =
    saysNothing(marked.title) || isBareLabel(marked.title)
      ? (below ?? marked.title)
      : named === ''
        ? marked.title
        : named
  if (title === '' || saysNothing(title)) return undefined
  const severity =
    section.marked.severity ??
    section.severityAbove ??
    ownSeverity(section) ??
    section.severity ??
    context.group
  const found = newFound(title, severity, section.marked.id)
  lookForPlace(found, marked.title)
  addSection(found, section, 'detail')
  return found
}

/** Adds the lines of a section and of its subsections, each to the field it belongs to. */
function addSection(found: Found, section: Section, whole: Parameters<typeof addCode>[2]): void {
  let kind = whole
  for (const line of section.lines) {
    if (line.kind === 'break') {
      if (kind !== whole && kind !== 'recommendation') kind = whole
      continue
    }
    if (line.kind === 'code') {
      addCode(found, line.text, kind)
      continue
    }
    const field = line.kind === 'row' ? fieldInRow(line.text) : fieldOf(line.text)
    if (field === undefined) addText(found, line.kind === 'row' ? '' : line.text, kind)
    else {
      addText(found, field.value, field.kind)
      kind = field.kind
    }
  }
  for (const part of section.sections) {
    if (part.role === 'skip' || isStrongInside(part)) continue
    const { field } = part
    if (field !== undefined && field.value !== '') addText(found, field.value, field.kind)
    addSection(found, part, field?.kind ?? whole)
  }
}

/** Whether a section inside a finding is a finding of its own, judging by its heading. */
function isStrongInside(section: Section): boolean {
  return (
    section.role === 'other' &&
    section.level <= 6 &&
    ((section.marked.severity !== undefined && section.marked.title !== '') ||
      section.severityAbove !== undefined)
  )
}

function collectStrong(section: Section, found: Found[]): void {
  for (const part of section.sections) {
    if (isStrongInside(part)) visit(part, { group: undefined, isDirect: false }, found)
    else if (part.role !== 'skip') collectStrong(part, found)
  }
}

/**
 * `Finding 1` or `H-01` alone is not a title: the name is in a field below or in the first line.
 */
function isBareLabel(title: string): boolean {
  return title === '' || /^(?:finding|issue|bug|vulnerability|problem)? ?#?\d{0,4}$/i.test(title)
}

function titleBelow(section: Section): string | undefined {
  for (const line of section.lines) {
    if (line.kind === 'code' || line.kind === 'break') continue
    const field = line.kind === 'row' ? fieldInRow(line.text) : fieldOf(line.text)
    if (field?.kind === 'title' && field.value !== '') return field.value
  }
  const described = section.lines
    .map(({ text }) => fieldOf(text))
    .find((field) => field?.kind === 'detail' && field.value !== '')
  return described?.value.split(/(?<=[.!?]) /, 1)[0]
}

/**
 * Drops the brief mentions, in a table of contents or a summary, of findings that a section
 * describes in full. Two full descriptions stay, even if they share a title.
 */
function withoutRepeats(found: readonly Found[]): Found[] {
  const keyOf = ({ title }: Found) => title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '')
  const told = found.filter(({ isBrief }) => !isBrief)
  const titles = new Set(told.map(keyOf))
  const ids = new Set(
    told.flatMap(({ id }) => (id !== undefined && /\p{L}/u.test(id) ? [id.toLowerCase()] : [])),
  )
  const brief = new Set<string>()
  return found.filter((one) => {
    if (!one.isBrief) return true
    const key = keyOf(one)
    if (titles.has(key) || (one.id !== undefined && ids.has(one.id.toLowerCase()))) return false
    const place = `${key} ${one.place?.file ?? ''}:${one.place?.line ?? one.line ?? ''}`
    if (brief.has(place)) return false
    brief.add(place)
    return true
  })
}
