import { shorten } from '../../text/shorten.ts'
import { jaccard, sharedCount, stem, stems } from '../../text/words.ts'
import {
  CHOICES,
  flip,
  KIND,
  NEEDLESS,
  SECONDS,
  type Sign,
  sideOf,
  sidesOf,
  stemSet,
  UNWANTED,
  WANTED,
} from './opposites.ts'

/** What a sentence asks for, in a form that can be compared with another one's. */
export interface Stance {
  /**
   * What the sides differ in: `do` (use X, avoid X), a pair of opposites such as `amount`, a
   * `choice` between rivals, or a `value`.
   */
  axis: string
  /** `+` and `-` are opposites; a choice or value opposes any different one. */
  side: string
  /** Stems of the object: `cach` in "add caching to the user lookup". */
  object: ReadonlySet<string>
  /** Stems of the context: `user`, `lookup`. */
  context: ReadonlySet<string>
  /** The topic, in the words of the text. */
  label: string
  /** For a choice: the rival itself is asked for, as in "use X", rather than something about it. */
  chosen?: boolean
}

/** How close two findings are to each other. */
export type Nearness = 'same place' | 'same file' | 'no file' | 'different files'

const LEAD_IN =
  /^(?:please|consider|recommend|i|we|you|to|try|always|instead|also|it|is|better|best|then|and|should|must|need|needs|ought|just|simply|strongly|be|only|could|can|might|have|has|would|suggest|suggested|recommended|first|either)$/
const NOT =
  /^(?:not|never|don't|dont|no|avoid|stop|without|shouldn't|mustn't|cannot|can't|refrain)$/
const AFTER_NOT = /^(?:use|using|do|doing|be|to|from|longer|have|having|any)$/
const PREPOSITION =
  /^(?:for|in|from|to|on|at|with|into|by|when|if|across|between|around|over|per|within|before|after|while|until|via|under|inside|through)$/
const VAGUE = stemSet(
  'make use keep switch turn set change new more less very instead should be call calls call it them one',
)

/** Where a sentence moves on from what to do to why. */
const PURPOSE =
  /\s(?:because|since|so that|in order to|otherwise|which|as (?:it|this|they)|to (?:avoid|prevent|reduce|increase|improve|ensure|make|keep|speed|protect|cut|save|stop|simplify|guarantee|be))\b/i

/**
 * The stances in the first sentences of a text.
 *
 * @param imperative Whether its sentences ask for something, so that "No tests" asks for none. A
 * title often describes the current state instead. Unlisted verbs count in both: "Log the body".
 */
export function readStances(text: string, imperative: boolean): Stance[] {
  const clauses = shorten(text, 1_000)
    .split(/[.;:!?](?:\s|$)|\n|,\s+(?:then|and|but)\s+/)
    .filter((clause) => clause.trim() !== '')
  return clauses.slice(0, 6).flatMap((clause) => readClause(clause, imperative))
}

/** What two stances disagree about, or undefined if both can be followed. */
export function oppose(a: Stance, b: Stance, nearness: Nearness): string | undefined {
  if (a.axis !== b.axis || a.side === b.side) return undefined
  const about = a.label.length >= b.label.length ? a.label : b.label
  const object = jaccard(a.object, b.object)
  const context = sharedCount(a.context, b.context)
  const everything = jaccard(union(a), union(b))
  const open = a.context.size === 0 || b.context.size === 0
  const choice = a.axis.startsWith('choice')
  // One word in common is not enough: "do not transfer tokens to bidders", "transfer the fee in".
  const same = sharedCount(a.object, b.object) > 1 || everything >= 0.4
  const met = open || context > 0
  switch (nearness) {
    case 'same place':
      if (choice) {
        return (a.chosen === true && b.chosen === true) || object >= 0.3 ? about : undefined
      }
      return same && (object >= 0.5 || everything >= 0.4) ? about : undefined
    case 'same file':
      return (same && object >= 0.5 && met) || everything >= 0.5 ? about : undefined
    case 'no file':
      return (same && object >= 0.6 && met) || everything >= 0.6 ? about : undefined
    case 'different files':
      return everything >= 0.6 && sharedCount(union(a), union(b)) >= 2 ? about : undefined
  }
}

export function topicOf(stance: Stance): ReadonlySet<string> {
  return union(stance)
}

function union({ object, context }: Stance): Set<string> {
  return new Set([...object, ...context])
}

function readClause(clause: string, imperative: boolean): Stance[] {
  const text = clause.split(PURPOSE)[0] ?? clause
  const plain = text.replace(/\s+/g, ' ').trim()
  const exchange = exchangeIn(plain)
  if (exchange) return [...phrase(exchange.given, '-'), ...phrase(exchange.taken, '+')]
  const preference = preferenceIn(plain)
  if (preference) {
    return [...readClause(preference.taken, imperative), ...phrase(preference.given, '-')]
  }
  const words = wordsOf(text)
  // "The handler should not cache results": the subject is kept as context.
  const modal = words
    .slice(0, 12)
    .findIndex((word) => /^(?:should|must|shouldn't|mustn't)$/.test(word))
  const subject = modal > 0 ? words.slice(0, modal).join(' ') : ''
  const rest = words.slice(Math.max(modal, 0))
  // "No tests" and "Use of eval" describe the current state; they ask for nothing.
  if (!imperative && (rest[0] === 'no' || (rest[0] === 'use' && rest[1] === 'of'))) return []
  const { sign: read, verbal } = takeLeadIn(rest)
  let sign = read
  if (rest[0] === 'turn' || rest[0] === 'get') {
    const particle = rest.findIndex((word) => word === 'on' || word === 'off' || word === 'rid')
    if (particle > 0) {
      if (rest[particle] !== 'on') sign = flip(sign)
      rest.splice(particle, rest[particle + 1] === 'of' ? 2 : 1)
      rest.shift()
      return phrase(rest.join(' '), sign, subject)
    }
  }
  const verb = stem(rest[0] ?? '')
  if (WANTED.has(verb)) return phrase(rest.slice(1).join(' '), sign, subject)
  if (UNWANTED.has(verb)) return phrase(rest.slice(1).join(' '), flip(sign), subject)
  if (sideOf(rest[0] ?? '') !== undefined) return phrase(rest.join(' '), sign, subject)
  if (sign === '-' && !verbal) return phrase(rest.join(' '), sign, subject)
  const stances = phrase(rest.join(' '), sign, subject).flatMap(({ chosen: _, ...stance }) =>
    stance.axis === 'do' ? [] : stance,
  )
  // A verb that is in no list is either asked for or advised against.
  if (verb === '') return stances
  const context = stems(`${subject} ${rest.slice(1).join(' ')}`)
  return [
    ...stances,
    { axis: 'do', side: sign, object: new Set([verb]), context, label: rest.slice(0, 6).join(' ') },
  ]
}

/** "Replace X with Y", "move from X to Y". Read word by word, in one pass. */
function exchangeIn(text: string): { given: string; taken: string } | undefined {
  const words = text.split(' ')
  const find = (wanted: RegExp, from: number, to = words.length) => {
    const at = words.slice(from, to).findIndex((word) => wanted.test(word))
    return at === -1 ? undefined : from + at
  }
  const replace = find(/^(?:replace|swap)$/i, 0)
  if (replace !== undefined) {
    const by = find(/^(?:with|by|for)$/i, replace + 2)
    if (by !== undefined) return between(words, replace + 1, by)
  }
  const move = find(/^(?:switch|migrate|move|change|convert|go)$/i, 0)
  const from = move === undefined ? undefined : find(/^from$/i, move + 1, move + 5)
  const to = from === undefined ? undefined : find(/^to$/i, from + 2)
  return from === undefined || to === undefined ? undefined : between(words, from + 1, to)
}

function between(words: readonly string[], from: number, middle: number) {
  const taken = words.slice(middle + 1).join(' ')
  return taken === '' ? undefined : { given: words.slice(from, middle).join(' '), taken }
}

function preferenceIn(text: string): { given: string; taken: string } | undefined {
  const found = / (?:instead of|rather than|in place of|over using) /i.exec(text)
  if (found === null) return undefined
  const taken = text.slice(0, found.index)
  return { taken, given: text.slice(found.index + found[0].length) }
}

/**
 * Removes "please", "we should", "do not" … from the front, and says whether the rest is unwanted.
 */
function takeLeadIn(words: string[]): { sign: Sign; verbal: boolean } {
  let sign: Sign = '+'
  let verbal = false
  while (words.length > 0) {
    const [word = ''] = words
    if (/^(?:do|does|doesn't)$/.test(word) && NOT.test(words[1] ?? '')) words.shift()
    else if (NOT.test(word)) {
      sign = '-'
      words.shift()
      // Verbal: "do not cache", "avoid caching". Not verbal: "do not use a cache", "avoid caches".
      verbal = /^(?:not|never|don't|dont|shouldn't|mustn't|cannot|can't)$/.test(word)
      if (words[0]?.endsWith('ing')) verbal = true
      while (AFTER_NOT.test(words[0] ?? '')) {
        words.shift()
        verbal = words[0]?.endsWith('ing') ?? false
      }
    } else if (LEAD_IN.test(word)) words.shift()
    else break
  }
  return { sign, verbal }
}

/** The stances of a phrase that is wanted (`+`) or unwanted (`-`). */
function phrase(text: string, sign: Sign, subject = ''): Stance[] {
  const words = wordsOf(text).filter((word) => !NEEDLESS.test(word))
  if (words.length === 0) return []
  const cut = words.findIndex((word, index) => index > 0 && PREPOSITION.test(word))
  const objectWords = cut === -1 ? words : words.slice(0, cut)
  const context = stems(`${subject} ${words.slice(objectWords.length).join(' ')}`)
  const label = words.slice(0, 8).join(' ')
  const stances: Stance[] = []
  const object = stems(objectWords.join(' '))
  if (object.size > 0 && !(sign === '-' && objectWords.some((word) => KIND.test(word)))) {
    stances.push({ axis: 'do', side: sign, object, context, label })
  }
  const plain = stems(objectWords.filter((word) => sideOf(word) === undefined).join(' '))
  for (const word of VAGUE) plain.delete(word)
  for (const [axis, side] of sidesOf(words)) {
    stances.push({ axis, side: sign === '+' ? side : flip(side), object: plain, context, label })
  }
  return sign === '+'
    ? [...stances, ...choicesOf(words, subject, label), ...valuesOf(words, label)]
    : stances
}

function choicesOf(words: readonly string[], subject: string, label: string): Stance[] {
  return words.flatMap((word) => {
    const choice = CHOICES.get(word)
    if (choice === undefined) return []
    const object = stems(`${subject} ${words.filter((other) => other !== word).join(' ')}`)
    return [{ ...choice, object, context: new Set<string>(), label, chosen: true }]
  })
}

/** "Set the timeout to 30 s" contradicts "to one of 5 minutes". */
function valuesOf(words: readonly string[], label: string): Stance[] {
  const found = /\b(?:to|at|of)\s(?:about\s|at (?:least|most)\s)?(\d[\d.,]*)\s?([a-z]*)/.exec(
    words.join(' '),
  )
  if (!found) return []
  const unit = stem(found[2] ?? '')
  const factor = Object.hasOwn(SECONDS, unit) ? SECONDS[unit] : undefined
  const amount = Number(found[1]?.replaceAll(',', ''))
  const side = factor === undefined ? `${amount} ${unit}` : `${amount * factor} s`
  const topic = words.filter((word) => !/^\d/.test(word) && sideOf(word) === undefined)
  const object = stems(topic.join(' '))
  for (const word of [...VAGUE, unit]) object.delete(word)
  return [{ axis: 'value', side, object, context: new Set(), label }]
}

function wordsOf(text: string): string[] {
  return (
    text
      .toLowerCase()
      .replaceAll('’', "'")
      .match(/[\p{L}\p{N}][\p{L}\p{M}\p{N}_'-]*(?:\.[\p{L}\p{N}_]+)*/gu) ?? []
  ).slice(0, 40)
}
