import { shorten } from './shorten.ts'

/** Words that do not tell what a sentence is about. */
const STOP_WORDS = new Set(
  (
    'a an the and or but of in on at to for from with by as is are was were be been being it its this that ' +
    'these those there here not no nor can could may might must should would will shall do does did done has ' +
    'have had having if then than so such into onto over under via per any all each every some only also very ' +
    'too just which who whom whose what when where while how why you your we our they their them he she his her i'
  ).split(' '),
)

/** Abbreviations that are as common as what they stand for. */
const ALIASES: Record<string, string> = {
  sqli: 'sql injection',
  xss: 'cross site scripting',
  csrf: 'cross site request forgery',
  ssrf: 'server side request forgery',
  rce: 'remote code execution',
  auth: 'authentication',
  authn: 'authentication',
  authz: 'authorization',
  creds: 'credential',
  config: 'configuration',
  param: 'parameter',
  params: 'parameter',
  db: 'database',
  async: 'asynchronous',
  sync: 'synchronous',
  perf: 'performance',
}

const MAX_REMEMBERED = 20_000
const LONGEST_REMEMBERED = 40

const WIDE = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Thai}]/u

/**
 * What a text is about: the stems of its words, without common ones. Camel-case names are split
 * into words; scripts without spaces are split into pairs of characters.
 *
 * @param limit Characters of the text that are read.
 */
export function stems(text: string, limit = 600): Set<string> {
  const found = new Set<string>()
  for (const word of words(spaced(shorten(text, limit)))) {
    for (const each of stemsOfWord(word)) found.add(each)
  }
  return found
}

/**
 * How often each stem occurs in the prose of a text, without code blocks and URLs. A name of
 * several words, such as `getUser`, also counts as a whole.
 *
 * @param limit Characters of the text that are read.
 */
export function termCounts(text: string, limit = 4_000): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of withoutCode(shorten(text, limit)).match(NAME) ?? []) {
    for (const term of termsOfName(name)) counts.set(term, (counts.get(term) ?? 0) + 1)
  }
  return counts
}

/** The text without fenced blocks and URLs. */
export function withoutCode(text: string): string {
  if (!text.includes('```') && !text.includes('~~~') && !text.includes('://')) return text
  let fence = ''
  const lines = text.split('\n').filter((line) => {
    const mark = /^\s*(```|~~~)/.exec(line)?.[1]
    if (mark === undefined) return fence === ''
    if (fence === '') fence = mark
    else if (fence === mark) fence = ''
    return false
  })
  const prose = lines.join('\n')
  return prose.includes('://') ? prose.replace(/\bhttps?:\/\/\S+/g, ' ') : prose
}

const NAME = /[\p{L}\p{N}_$][\p{L}\p{M}\p{N}_$]*/gu

function spaced(text: string): string {
  return text.replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2').toLowerCase()
}

function words(text: string): string[] {
  return text.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
}

/** The stems of a name's words, and the whole name if it has several words. */
const termsOfName = remembered((name) => {
  const parts = words(spaced(name))
  const terms = parts.flatMap(stemsOfWord)
  return parts.length > 1 ? [...terms, `#${parts.join('')}`] : terms
})

/** Memoizes a function of words: plans repeat theirs. */
function remembered(read: (word: string) => readonly string[]) {
  const known = new Map<string, readonly string[]>()
  return (word: string): readonly string[] => {
    const before = known.get(word)
    if (before !== undefined) return before
    const found = read(word)
    if (word.length > LONGEST_REMEMBERED) return found
    // Bounded, because one process handles the words of many plans.
    if (known.size >= MAX_REMEMBERED) known.clear()
    known.set(word, found)
    return found
  }
}

/** Empty for a common word; several for an abbreviation and for scripts without spaces. */
const stemsOfWord = remembered((word) => {
  if (STOP_WORDS.has(word)) return []
  if (WIDE.test(word)) return characterPairs(word)
  const alias = Object.hasOwn(ALIASES, word) ? ALIASES[word] : undefined
  return alias === undefined ? [stem(word)] : alias.split(' ').map(stem)
})

/**
 * Strips a word's ending, so that `caching`, `cached` and `caches` are equal. Shorter and cruder
 * than Porter's algorithm, which is enough because stems are only compared with each other.
 */
export function stem(word: string): string {
  if (word.length < 4 || /\d/.test(word)) return word
  let root = word
  if (root.endsWith('ies') && root.length > 4) root = `${root.slice(0, -3)}y`
  else if (/(?:ss|x|ch|sh)es$/.test(root)) root = root.slice(0, -2)
  else if (/[^su]s$/.test(root)) root = root.slice(0, -1)
  if (root.length > 5 && root.endsWith('ing')) root = undouble(root.slice(0, -3))
  else if (root.length > 4 && /[^e]ed$/.test(root)) root = undouble(root.slice(0, -2))
  else if (root.length > 6 && /[st]ion$/.test(root)) root = root.slice(0, -3)
  else if (root.length > 6 && root.endsWith('ly')) root = root.slice(0, -2)
  return root.length > 3 && root.endsWith('e') ? root.slice(0, -1) : root
}

/** The Jaccard index of two sets, 0 to 1; 0 if either is empty. */
export function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 || b.size === 0) return 0
  const shared = sharedCount(a, b)
  return shared / (a.size + b.size - shared)
}

export function sharedCount(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a]
  let shared = 0
  for (const member of small) if (large.has(member)) shared += 1
  return shared
}

function undouble(root: string): string {
  return /([bdgmnprt])\1$/.test(root) ? root.slice(0, -1) : root
}

function characterPairs(word: string): string[] {
  const characters = Array.from(word)
  if (characters.length < 3) return [word]
  return characters.slice(1).map((character, index) => `${characters[index]}${character}`)
}
