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
  withoutPlace,
} from './found-finding.ts'
import { saysNothing } from './nothing.ts'
import { readSections, type Section } from './sections.ts'
import { severityInValue, severityOfScore } from './severity-words.ts'
import { cleanTitle } from './title-marks.ts'

/**
 * Findings of a Markdown text: sections with a severity (in the heading, in a field below it, or of
 * the section around them), and list items, paragraphs and rows of tables with one.
 */
export function findingsInMarkdown(text: string): Finding[] {
  const found: Found[] = []
  visit(readSections(text), { group: undefined, isDirect: true }, found)
  return withoutRepeats(found).flatMap((one) => asFinding(one) ?? [])
}

interface Context {
  /** The severity that a section around names. */
  group: Severity | undefined
  /** Whether sections here are the entries of that group, not parts of one. */
  isDirect: boolean
}

function visit(section: Section, context: Context, found: Found[]): void {
  if (section.role === 'skip') return
  // "Low severity issues" with an impact and advice of its own is what somebody called a finding.
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
  // Advice at the end of a report repeats what was found.
  if (section.field?.kind === 'recommendation') return
  visitParts(section, context, found)
}

function visitParts(section: Section, context: Context, found: Found[]): void {
  found.push(...findingsInLists(section.lines, context.isDirect ? context.group : undefined))
  for (const part of section.sections) visit(part, context, found)
}

/**
 * How sure it is that a section is a finding: it says how severe it is, or only its place or its
 * parts speak for it.
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
  // Without a severity and a number, only the parts that reports of findings have tell one.
  return hasPartsOfFinding(section) ? 'weak' : 'none'
}

/** The severity that a section's own fields name. */
function ownSeverity(section: Section): Severity | undefined {
  for (const line of section.lines) {
    if (line.kind === 'code') continue
    const field = line.kind === 'row' ? fieldInRow(line.text) : fieldOf(line.text)
    if (field?.kind === 'severity') {
      const severity = severityInValue(field.value)
      if (severity !== undefined) return severity
    }
    if (field?.kind === 'score') {
      const severity = severityOfScore(field.value)
      if (severity !== undefined) return severity
    }
  }
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

/** Headings such as "Impact", "Proof of Concept" and "Recommendation", three of them at least. */
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

/** Whether something in it is a finding for sure, so that it only frames them. */
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

/** The lines of a section and of those in it, each to the field that it belongs to. */
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

/** A section inside a finding that is one of its own: it has the heading of one. */
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

/** `Finding 1` and `H-01` alone are no title: the name stands in a field below, or in the first line. */
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
 * A table of contents or a summary names what a section tells in full: of such a pair the full one
 * stays. Two that are told in full are two, even under one title.
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
