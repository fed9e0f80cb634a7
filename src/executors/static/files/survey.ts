import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import {
  decodeText,
  type FileRole,
  type Grammar,
  grammarOf,
  isDeclaration,
  isGenerated,
  isMinified,
  isTooDeep,
  registersTests,
  roleOf,
} from './kinds.ts'
import type { Selection } from './selection.ts'
import type { Listing, Tree } from './tree.ts'

const MAX_FILE_BYTES = 1024 * 1024
/** How many files are parsed in one analysis. */
const MAX_CODE_FILES = 20_000

/** A TypeScript or JavaScript file that can be analysed. */
export interface CodeFile {
  path: string
  grammar: Grammar
  role: FileRole
  selected: boolean
  generated: boolean
  /** Absolute path of our copy, which is read instead of the file from here on. */
  copy: string
}

/** A selected file that is not TypeScript or JavaScript, or is not analysed as such. */
export interface OtherFile {
  path: string
  why: 'other-kind' | 'minified' | 'generated' | 'declaration' | 'too-deep'
}

export interface Survey {
  listing: Listing
  selected: string[]
  code: CodeFile[]
  other: OtherFile[]
  tooLarge: string[]
  unreadable: string[]
  binary: string[]
  /** Files beyond the number that one analysis takes. */
  tooMany: string[]
}

/**
 * Lists the files and copies the code, once: every tool sees the same bytes, and none opens a path
 * of the reviewed tree. Copies get generated names, so that they include nothing a tool looks for
 * by name. `withAll` also copies unselected code, for imports that lead through it.
 */
export function surveyFiles(
  tree: Tree,
  selection: Selection,
  copies: { selected: string; others: string; withAll: boolean },
): Survey {
  const listing = tree.list(selection.enters)
  const survey: Survey = {
    listing: {
      ...listing,
      links: listing.links.filter(selection.includes),
      special: listing.special.filter(selection.includes),
      leftOut: listing.leftOut.filter(selection.includes),
      unreadable: listing.unreadable.filter(selection.includes),
    },
    selected: listing.files.filter(selection.includes),
    code: [],
    other: [],
    tooLarge: [],
    unreadable: [],
    binary: [],
    tooMany: [],
  }
  mkdirSync(copies.selected)
  mkdirSync(copies.others)
  for (const path of listing.files) {
    const selected = selection.includes(path)
    const grammar = grammarOf(path)
    if (grammar === undefined) {
      if (selected)
        survey.other.push({ path, why: isDeclaration(path) ? 'declaration' : 'other-kind' })
      continue
    }
    if (!selected && !copies.withAll) continue
    if (survey.code.length === MAX_CODE_FILES) {
      if (selected) survey.tooMany.push(path)
      continue
    }
    const text = readText(tree, path, selected ? survey : undefined)
    if (text === undefined) continue
    const unfit = isMinified(path, text) ? 'minified' : isTooDeep(text) ? 'too-deep' : undefined
    if (unfit) {
      if (selected) survey.other.push({ path, why: unfit })
      continue
    }
    const generated = isGenerated(text)
    if (generated && selected) survey.other.push({ path, why: 'generated' })
    const role = roleOf(path, registersTests(text))
    // Linters recognise test files by their names.
    const name = `${survey.code.length}${role === 'test' ? '.test' : ''}${extname(path)}`
    const copy = join(selected && !generated ? copies.selected : copies.others, name)
    writeFileSync(copy, text)
    survey.code.push({ path, grammar, role, selected, generated, copy })
  }
  return survey
}

/** The text of a file; if it is undefined, the survey (if given) records why. */
export function readText(
  tree: Tree,
  path: string,
  survey: Pick<Survey, 'tooLarge' | 'unreadable' | 'binary'> | undefined,
): string | undefined {
  const result = tree.read(path, MAX_FILE_BYTES)
  switch (result.status) {
    case 'too-large':
      survey?.tooLarge.push(path)
      return undefined
    case 'unreadable':
    case 'not-a-file':
      survey?.unreadable.push(path)
      return undefined
    case 'read': {
      const text = decodeText(result.content)
      if (text === undefined) survey?.binary.push(path)
      return text
    }
  }
}

export function readCopy(file: CodeFile): string {
  return readFileSync(file.copy, 'utf8')
}
