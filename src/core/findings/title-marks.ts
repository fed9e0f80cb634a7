import type { Severity } from '../contract/findings.ts'
import { shorten } from '../text/shorten.ts'
import { severityLabel, severityOf, severityOfScore } from './severity-words.ts'

/** What a heading, item or line says around its title. */
export interface Marked {
  title: string
  /** Stated explicitly, or implied by the letter of an id such as `H-01`. */
  severity?: Severity
  /** `H-01`, `SEC-08`, `3`. */
  id?: string
  /**
   * Whether the reporter numbered it as a finding: `Finding 3: …`, `[SEC-08]`, `H-01`. A plain `3.`
   * does not count.
   */
  isCounted?: boolean
}

const BY_LETTER: Record<string, Severity> = {
  c: 'critical',
  crit: 'critical',
  critical: 'critical',
  h: 'high',
  high: 'high',
  m: 'medium',
  med: 'medium',
  medium: 'medium',
  l: 'low',
  low: 'low',
  i: 'info',
  info: 'info',
  n: 'info',
  nc: 'info',
  q: 'info',
  qa: 'info',
  g: 'info',
  gas: 'info',
}

/**
 * `H-01`, `H1`, `TRST-H-1`, `SEC-08`, `3S-LENFT-C01`: short groups, the last of which has a number.
 */
const ID = /^#?[\p{L}\p{N}]{1,12}(?:[-_.][\p{L}\p{N}]{1,12}){0,4}$/u
const EMOJI = /^(?:\p{Extended_Pictographic}|[✗✘✖×►❯]|\p{Emoji_Modifier}|\uFE0F|\u200D| )+/u
const COUNTED =
  /^(?:finding|issue|vulnerability|bug|problem|defect|observation|concern|risk|befund|schwachstelle|problème|constat|vulnérabilité|vulnerabilidade?|vulnerabilità|漏洞|hallazgo|problema|проблема|问题|問題|문제) ?(?:n[o°º]\.? ?|№ ?|# ?)?(?=[\p{L}\p{N}-]{0,20}\d)/iu
const NUMBER = /^(?:#?(\d{1,3}(?:\.\d{1,3}){0,3})(?:[.):]|(?= ))|\((\d{1,3})\)|#(\d{1,4}):?) ?/
const SEPARATOR = /^ ?[:：|–—.-]+ ?/
const STATE =
  /^(?:fixed|resolved|acknowledged|open|closed|new|partially (?:fixed|resolved)|mitigated|confirmed|invalid|valid|disputed|wontfix|won't fix|info|duplicate|todo|unresolved|not fixed|verified|x| )$/i

/** Reads the severity, id and number around a title. */
export function readMarks(text: string): Marked {
  const marked: Marked = { title: '' }
  let rest = shorten(text, 2_000)
  const emoji = EMOJI.exec(rest)?.[0]
  if (emoji !== undefined && !/^\d/.test(emoji)) {
    const severity = severityOf([...emoji.replaceAll('\uFE0F', '').trim()][0] ?? '')
    if (severity !== undefined) marked.severity = severity
    rest = rest.slice(emoji.length)
  }
  for (let round = 0; round < 5; round += 1) {
    const before = rest
    rest = withoutNumber(rest, marked)
    rest = withoutBracket(rest, marked)
    rest = withoutWord(rest, marked)
    rest = withoutId(rest, marked)
    if (rest === before) break
  }
  marked.title = cleanTitle(withoutEnd(rest, marked))
  return marked
}

function withoutNumber(text: string, marked: Marked): string {
  const counted = COUNTED.exec(text)?.[0]
  if (counted !== undefined) {
    const rest = text.slice(counted.length)
    const [, id] =
      /^([\p{L}\p{N}][\p{L}\p{N}.-]{0,19})(?:[:：)\]]|\.(?= )| [–—|-] |$| (?=\p{Lu}|[[(`"*]))/u.exec(
        rest,
      ) ?? []
    if (id !== undefined) {
      setId(marked, id.replace(/[.-]$/, ''))
      marked.isCounted = true
      return rest
        .slice(id.length)
        .replace(/^[.):\]]/, '')
        .replace(SEPARATOR, '')
        .trim()
    }
  }
  const number = NUMBER.exec(text)
  // "2.5 MB are read at once" and "404 is sent" begin with a number that is not an ordinal.
  if (
    number === null ||
    (!/[.):#]/.test(number[0]) && !/^ ?(?:[[(*]|\p{Lu})/u.test(text.slice(number[0].length)))
  )
    return text
  marked.id ??= number[1] ?? number[2] ?? number[3] ?? ''
  return text.slice(number[0].length).replace(SEPARATOR, '').trimStart()
}

/** `[H-01]`, `(High)`, `**High**`, `【中】`, `` `P1` ``: a severity, an id or a state. */
function withoutBracket(text: string, marked: Marked): string {
  const found =
    /^(?:\[\[?([^[\]]{1,40})\]\]?(?!\()(?:\([^()]{0,300}\))?|\(([^()]{1,40})\)|【([^【】]{1,40})】|\*\*([^*]{1,60})\*\*|__([^_]{1,60})__|`([^`]{1,20})`)/.exec(
      text,
    )
  if (found === null) return text
  const inside = found.slice(1).find((part) => part !== undefined) ?? ''
  const bare = inside.replace(/[*_`:：]/g, ' ').trim()
  const rest = text.slice(found[0].length)
  const isBracket = found[1] !== undefined || found[3] !== undefined
  const severity = isBracket || found[2] !== undefined ? severityOf(bare) : labelIn(bare)
  if (severity !== undefined) marked.severity ??= severity
  else if (!setId(marked, bare, isBracket) && !(isBracket && STATE.test(bare))) {
    // `[[H-01] Title](#h-01)` and `**[H-01] Title**` hold the whole title.
    if (/^\*\*/.test(found[0]) && /^[[(]|^(?:\p{L}{1,12}-?\d)/u.test(inside))
      return `${inside}${rest}`
    if (/^\*\*\p{L}{1,15}(?: \p{L}{1,10})? ?[:：–—-] /u.test(found[0])) return `${inside}${rest}`
    const parts = bare.split(/[ /|,]+/)
    const named = isBracket && parts.length <= 3 ? parts.map((part) => severityOf(part)) : []
    const one = named.find((part) => part !== undefined)
    if (one === undefined) return text
    marked.severity ??= one
  }
  return rest.replace(SEPARATOR, '').trimStart()
}

/** `**High**` and `**High Priority:**`, but not `**Note:**`. */
function labelIn(text: string): Severity | undefined {
  return severityLabel(text)
}

/** `High: …`, `High – …`, `High severity | …`. */
function withoutWord(text: string, marked: Marked): string {
  const [, words, rest] =
    /^([\p{L}\p{N}\p{M}-]{1,20}(?: [\p{L}]{1,12}){0,2}(?: \([^()]{1,20}\))?) ?(?:[:：|]|[–—-] )(.*)$/u.exec(
      text,
    ) ?? []
  if (words === undefined || rest === undefined) return text
  const severity = severityLabel(words)
  if (severity === undefined) return text
  marked.severity ??= severity
  return rest.replace(/^\*\*(?= )/, '').trimStart()
}

/** `H-01: …`, `TRST-H-1 …`, `SEC-08 — …`. */
function withoutId(text: string, marked: Marked): string {
  const [, id, separator] =
    /^([\p{L}\p{N}][\p{L}\p{N}_.-]{0,39}?)( ?[:：|)\]]| [–—|-] | |\. )/u.exec(text) ?? []
  if (id === undefined || separator === undefined) return text
  // Without punctuation, only an id that names a severity counts: "SHA-1 is weak" has none.
  const isPlain = separator === ' ' || separator === '. '
  const known: Marked = { title: '' }
  if (!setId(known, id, true) || (isPlain && known.severity === undefined)) return text
  if (isPlain && !/[-\d]\d|-/.test(id)) return text
  setId(marked, id, true)
  return text
    .slice(id.length + separator.length)
    .replace(SEPARATOR, '')
    .trimStart()
}

function setId(marked: Marked, text: string, isMarked = false): boolean {
  if (!ID.test(text) || !/\d/.test(text) || text.length > 30) return false
  if (isMarked && !/\p{L}/u.test(text) && !text.startsWith('#')) return false
  // "utf8", "v2" and "ES2020" are not ids: those are in capitals and have a severity's letter or a
  // dash.
  if (isMarked && /\p{Ll}/u.test(text) && !/^[a-z]{1,4}-\d{1,3}$/.test(text)) return false
  const severity = severityOfId(text)
  if (isMarked && severity === undefined && !/^\P{Ll}{0,20}[-_]\P{L}{1,6}$|^#\d{1,5}$/u.test(text))
    return false
  if (severity !== undefined) marked.severity ??= severity
  if (isMarked) marked.isCounted = true
  marked.id = text
  return true
}

/** The letter before the number names the severity in `H-01`, `TRST-H-1` and `3S-LENFT-C01`. */
export function severityOfId(id: string): Severity | undefined {
  const known = severityOf(id)
  if (known !== undefined) return known
  const [, letters] = /(?:^|[-_.])(\p{L}{1,8})[-_.]?\d{1,4}$/u.exec(id) ?? []
  const key = letters?.toLowerCase() ?? ''
  return Object.hasOwn(BY_LETTER, key) ? BY_LETTER[key] : undefined
}

/** Removes the labels at the end of `` Reentrancy in `claim` `Major` `✓ Fixed` ``. */
function withoutLabels(text: string, marked: Marked): string {
  const [end = ''] = /(?: `[^`]{2,30}`){1,4}$/.exec(shorten(text, 500)) ?? []
  const labels = end.split('`').filter((label) => label.trim() !== '')
  const first = labels.findIndex((label) => severityOf(label) !== undefined)
  const severity = severityOf(labels[first] ?? '')
  if (severity === undefined) return text
  marked.severity ??= severity
  return text.slice(0, text.lastIndexOf(` \`${labels[first]}\``))
}

/** `… (High)`, `… [Medium]`, `… — High`, `… (CVSS 9.1)`, `… **Severity:** Low`. */
function withoutEnd(whole: string, marked: Marked): string {
  const text = withoutLabels(whole, marked)
  const field =
    /^(.{3,}?),? ?[([]?(?:\*\*|__)?(?:severity|risk|priority)(?:\*\*|__)? ?[:：](?:\*\*|__)? ?([^()[\]]{2,40})[)\]]?$/i.exec(
      shorten(text, 500),
    )
  if (field?.[1] !== undefined && field[2] !== undefined) {
    const severity = severityOf(field[2]) ?? severityOfScore(field[2])
    if (severity !== undefined) marked.severity ??= severity
    return field[1].replace(/ ?[([]\p{L}{3,20}: ?\w{1,12}$/u, '')
  }
  const open = Math.max(text.lastIndexOf('('), text.lastIndexOf('['))
  if (open > 2 && /[)\]]\W{0,3}$/.test(text)) {
    const inside = text.slice(open + 1).replace(/[)\]]\W{0,3}$/, '')
    const severity =
      severityOf(inside) ?? (/cvss/i.test(inside) ? severityOfScore(inside) : undefined)
    if (severity !== undefined || STATE.test(inside)) {
      if (severity !== undefined) marked.severity ??= severity
      return withoutEnd(text.slice(0, open).trimEnd(), marked)
    }
  }
  const dash = Math.max(
    text.lastIndexOf(' — '),
    text.lastIndexOf(' – '),
    text.lastIndexOf(' - '),
    text.lastIndexOf(' | '),
  )
  if (dash > 2) {
    const label = text.slice(dash + 3)
    // Linters write ERROR for what breaks; in prose the word says little.
    const severity = label === 'ERROR' ? 'high' : severityLabel(label)
    if (severity !== undefined) {
      marked.severity ??= severity
      return text.slice(0, dash)
    }
    // "Slow query — Medium — src/a.ts:3"
    const before = text.slice(0, dash)
    const [, title, word] = /^(.{2,300}) [—–|-] ([^—–|]{2,30})$/u.exec(before) ?? []
    const between = word === undefined ? undefined : severityLabel(word)
    if (title !== undefined && between !== undefined) {
      marked.severity ??= between
      return `${title}${text.slice(dash)}`
    }
  }
  return text
}

/** Removes links, emphasis and leftover separators. */
export function cleanTitle(text: string): string {
  const title = plainText(text)
    .replace(/^[\s:：|–—-]{1,20}(?=\S)/, '')
    // The end of a link around the id and the title.
    .replace(/^([^[\]]*)\]\([^()\s]{1,500}\)$/, '$1')
  let end = title.length
  while (end > 0 && /[\s:：|–—]/.test(title[end - 1] ?? '')) end -= 1
  return title.slice(0, end)
}

/** Removes inline Markdown: `**bold**`, `` `code` ``, `[text](link)`, `\_`. */
export function plainText(text: string): string {
  return text
    .replace(/!?\[([^[\]]{0,300})\]\([^()\s]{0,500}\)/g, '$1')
    .replace(/\*\*|`/g, '')
    .replace(/(^|[\s(])__?(?=\S)([^_\n]{1,300})__?(?=$|[\s).,:;!?])/g, '$1$2')
    .replace(/\\([\\_*[\]()#`<>.!|~{}+-])/g, '$1')
    .replace(/\s+/g, ' ')
    .trim()
}
