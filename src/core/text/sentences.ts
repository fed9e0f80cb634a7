import { shorten } from './shorten.ts'
import { withoutCode } from './words.ts'

/**
 * A Markdown line that is not a sentence: a heading, a quotation, a table, a rule, a diff, a link.
 */
const NO_SENTENCE = /^(?:[#>|+]|[-*_]{3}|\/\/|!?\[[^\]]{0,200}\]\(|<)/
const LINK = /\[([^[\]\n]{1,200})\]\([^()\s]{1,500}\)/g
const BULLET = /^(?:[-*•]|\d{1,3}[.)])\s/
/** The end of a sentence, unless it follows an abbreviation. */
const END = /[.!?](?=["')\]*_]{0,3}(?:\s|$))/g
const SHORT = /\b(?:e\.g|i\.e|etc|vs|cf|no|approx)$/i
/** Lines with fewer words are names and labels. */
const FEWEST_WORDS = 4

/**
 * The first complete sentences of a text that fit into `limit` characters. If even the first is
 * longer, it is cut between two words. Code, headings and labels are skipped. Empty if the text has
 * no sentence.
 */
export function firstSentences(text: string, limit: number): string {
  const lines = withoutCode(shorten(text, limit * 20).replace(LINK, '$1'))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !NO_SENTENCE.test(line))
    .map((line) => line.replace(BULLET, '').replaceAll('**', ''))
    .filter((line) => line.split(/\s+/, FEWEST_WORDS).length === FEWEST_WORDS)
  // A line that ends with a colon introduces something that is not shown.
  const [line] = [...lines.filter((each) => !each.endsWith(':')), ...lines]
  if (line === undefined) return ''
  const prose = line.replace(/\s+/g, ' ')
  let end = 0
  for (const { index } of prose.matchAll(END)) {
    if (SHORT.test(prose.slice(Math.max(0, index - 8), index))) continue
    if (index >= limit) break
    end = index + 1
  }
  if (end > 0) return prose.slice(0, end)
  if (prose.length < limit) return `${prose.replace(/[:,;]$/, '')}.`
  const space = prose.lastIndexOf(' ', limit)
  return `${space > 0 ? prose.slice(0, space) : shorten(prose, limit)} …`
}
