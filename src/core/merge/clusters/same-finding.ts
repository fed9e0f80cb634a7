import { placeOf } from '../../findings/places.ts'
import { shorten } from '../../text/shorten.ts'
import { jaccard, stems } from '../../text/words.ts'
import { oppose, readStances, type Stance } from '../conflicts/stances.ts'
import { NEVER } from './average-link.ts'
import { weaknessesIn } from './weaknesses.ts'

/** The features by which claims are compared. Names are replaced by numbers. */
export interface Comparable {
  /** 0 for none. */
  file: number
  /** 1-based; 0 for none. */
  line: number
  /** Sorted. */
  tasks: readonly number[]
  /** The number of its exact title and detail, leaving out line numbers that the title mentions. */
  wording: number
  /** Stems of the title. */
  title: ReadonlySet<string>
  /** Stems of title and detail. */
  text: ReadonlySet<string>
  category: string
  /** Well-known weaknesses that the title mentions, or else the detail. */
  weaknesses: readonly string[]
  /** Names with digits in the title, such as `CVE-2024-1234` and `4.17.20`. */
  names: string
  /** All numbers in the title. */
  numbers: string
  stances: readonly Stance[]
  /** Number of distinct terms. */
  terms: number
  /** Too short for its words to be weighted by their rarity. */
  brief: boolean
  /** Files that it mentions, by name without folder; sorted. */
  files: readonly number[]
  /** Reported by a linter rule, which a line of its detail ends with: `[sql-injection]`. */
  byRule: boolean
}

/** Findings with fewer distinct terms are compared by rules: those of linters, and bare titles. */
const BRIEF_TERMS = 20

/** A finding with fewer terms is only about the file that it names. */
const TERSE_TERMS = 12

/** How many lines apart two brief findings about the same thing may be. */
const NEAR_LINES = 5

/** Texts less alike than this are not brought together by their places. */
const TOO_LITTLE = 0.05

/** What the same line of the same file adds to the likeness of two texts. */
const SAME_LINE = 0.05
/** The distance in lines over which that falls to a third. */
const LINE_SCALE = 20
/** The penalty for naming different files when neither text mentions the other's file. */
const OTHER_FILE = 0.05
/** The penalty for coming from one task: a task that lists two findings usually means two. */
const SAME_TASK = 0.5
/** The penalty for the same text at two places: its author applied one rule twice. */
const SAME_TEXT_ELSEWHERE = 1
/** The likeness of two brief findings that no rule joins: one such pair keeps groups apart. */
const UNLIKE = -0.3

/** Prepares claims for comparison. */
export function comparablesOf(
  given: readonly {
    claim: {
      title: string
      detail?: string | undefined
      category?: string | undefined
      file?: string | undefined
      line?: number | undefined
    }
    tasks: ReadonlySet<string>
    /** Number of distinct terms in its text. */
    terms: number
  }[],
): Comparable[] {
  const files = new Numbers()
  const tasksKnown = new Numbers()
  const wordings = new Numbers()
  return given.map(({ claim, tasks, terms }) => {
    const title = claim.title.replace(LINES_NAMED, ' ')
    const words = stems(title)
    const named = weaknessesIn(title)
    const place = placeOf(claim)
    return {
      file: place.file === undefined ? 0 : files.of(place.file),
      line: place.line ?? 0,
      tasks: Array.from(tasks, (task) => tasksKnown.of(task)).sort((a, b) => a - b),
      wording: wordings.of(`${title} ${claim.detail ?? ''}`.trim()),
      title: words,
      text: claim.detail ? stems(`${title} ${claim.detail}`) : words,
      weaknesses: named.length > 0 ? named : weaknessesIn(claim.detail ?? ''),
      category: (claim.category ?? '').trim().toLowerCase(),
      names: (title.match(NAMES_WITH_DIGITS) ?? []).sort().join(' '),
      numbers: (title.match(/\d+(?:\.\d+)*/g) ?? []).sort().join(' '),
      stances: readStances(claim.title, false),
      terms,
      brief: terms < BRIEF_TERMS,
      files: filesIn(place.file, `${claim.title} ${claim.detail ?? ''}`)
        .map((name) => files.of(`.../${name}`))
        .sort((a, b) => a - b),
      byRule: RULE_NAMED.test(claim.detail ?? ''),
    }
  })
}

/** Numbers texts from 1, because numbers are faster to compare. */
class Numbers {
  readonly #known = new Map<string, number>()

  of(text: string): number {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    this.#known.set(text, this.#known.size + 1)
    return this.#known.size
  }
}

const RULE_NAMED = /\[[a-z][a-z0-9@/]*-[a-z0-9/-]*\]$/m
const LINES_NAMED =
  /\b(?:on |at |in )?lines?\s{0,5}:?\s{0,5}\d{1,9}(?:\s{0,5}[-–]\s{0,5}\d{1,9})?/gi
const NAMES_WITH_DIGITS =
  /\b[\w@]{0,60}\d\w{0,60}(?:[-./]\w{1,60}){1,20}|\b[A-Za-z]{1,60}-\d[\w.-]{0,100}/g

function filesIn(file: string | undefined, text: string): string[] {
  const named = shorten(text, 4_000).match(/(?<![\w-])[\w-]+\.[A-Za-z]{1,5}\b/g) ?? []
  return [...new Set([...(file === undefined ? [] : [nameOf(file)]), ...named])]
}

/** Whether two sorted lists have a number in common. */
function meet(a: readonly number[], b: readonly number[]): boolean {
  if (a.length === 1 && b.length === 1) return a[0] === b[0]
  let [one, other] = [0, 0]
  while (one < a.length && other < b.length) {
    const difference = (a[one] as number) - (b[other] as number)
    if (difference === 0) return true
    if (difference < 0) one += 1
    else other += 1
  }
  return false
}

function nameOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1)
}

/**
 * How alike two claims are, or `NEVER`. Brief claims, such as those of linters, are compared by
 * rules. They are never the same if they come from one task, name different files or are far apart.
 * Otherwise the rules set the share of words (without endings and common words) that they need to
 * have in common, as a Jaccard index of the titles:
 *
 * | place | share |
 * | --- | --- |
 * | the same line | 0.3, or 0.15 in the same category, or 0.4 of title and detail |
 * | the same file, at most five lines apart | 0.5, or 0.34 in the same category |
 * | the same file, at most five lines apart, both about one well-known weakness | none |
 * | the same file, one without a line | 0.6, or 0.5 in the same category |
 * | both without a file | 0.7, or 0.5 with 0.6 of title and detail |
 * | one without a file | 0.8 of at least three words |
 *
 * Longer claims are as alike as their `words`, adjusted for their places.
 */
export function likenessOf(a: Comparable, b: Comparable, words: number): number {
  const ofOneTask = meet(a.tasks, b.tasks)
  const brief = a.brief && b.brief
  if (!brief && words < TOO_LITTLE) return ofOneTask ? words - SAME_TASK : words
  if (brief && ofOneTask) return NEVER
  const filed = a.file !== 0 && b.file !== 0
  const apart = filed && a.file !== b.file
  const lined = filed && !apart && a.line !== 0 && b.line !== 0
  const distance = lined ? Math.abs(a.line - b.line) : 0
  if (!mayBeSame(a, b)) return NEVER
  if (brief) return likenessOfBrief(a, b, lined, distance)
  let likeness = words
  if (lined) likeness += SAME_LINE * Math.exp(-distance / LINE_SCALE)
  if (apart && !meet(a.files, b.files)) likeness -= OTHER_FILE
  if (ofOneTask) likeness -= SAME_TASK
  if (a.wording === b.wording && (apart || distance > NEAR_LINES)) likeness -= SAME_TEXT_ELSEWHERE
  return likeness
}

/** Whether the places of two claims allow them to be the same, whatever they say. */
export function mayBeSame(a: Comparable, b: Comparable): boolean {
  const apart = a.file !== 0 && b.file !== 0 && a.file !== b.file
  // Matches of a linter rule in two files are two findings, however alike the texts are.
  if (apart && (a.byRule || b.byRule)) return false
  if (!a.brief || !b.brief) return !apart || Math.min(a.terms, b.terms) >= TERSE_TERMS
  return !apart && (a.line === 0 || b.line === 0 || Math.abs(a.line - b.line) <= NEAR_LINES)
}

function likenessOfBrief(a: Comparable, b: Comparable, lined: boolean, distance: number): number {
  const alike = a.category !== '' && a.category === b.category
  const sameFile = a.file !== 0 && a.file === b.file
  const title = jaccard(a.title, b.title)
  // Lazy: most pairs are decided by their titles.
  const text = () => jaccard(a.text, b.text)
  let enough: boolean
  if (lined && a.weaknesses.some((weakness) => b.weaknesses.includes(weakness))) enough = true
  else if (lined && distance === 0) enough = title >= (alike ? 0.15 : 0.3) || text() >= 0.4
  else if (lined) enough = title >= (alike ? 0.34 : 0.5)
  else if (sameFile) enough = title >= (alike ? 0.5 : 0.6)
  else if (a.file === 0 && b.file === 0) {
    enough = title >= 0.7 || (title >= 0.5 && text() >= 0.6)
  } else enough = title >= 0.8 && Math.min(a.title.size, b.title.size) >= 3
  if (!enough) return UNLIKE
  if (differ(a, b, lined && distance === 0) || contradict(a, b)) return NEVER
  // Above the threshold for any two texts, so that a matching rule is enough.
  return 0.5 + (title + text()) / 5 + (alike ? 0.05 : 0) - distance / 50
}

/**
 * Different versions or advisories make two findings, as do any different numbers away from the
 * same line.
 */
function differ(a: Comparable, b: Comparable, sameLine: boolean): boolean {
  if (a.names !== '' && b.names !== '' && a.names !== b.names) return true
  return !sameLine && a.numbers !== '' && b.numbers !== '' && a.numbers !== b.numbers
}

function contradict(a: Comparable, b: Comparable): boolean {
  return a.stances.some((stance) =>
    b.stances.some(
      (other) =>
        stance.axis !== 'value' &&
        !stance.axis.startsWith('choice') &&
        oppose(stance, other, 'same place') !== undefined,
    ),
  )
}
