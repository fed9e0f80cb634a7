import { shorten } from '../../text/shorten.ts'
import { withoutCode } from '../../text/words.ts'

/** Only this many characters of a recommendation are read. */
const LIMIT = 4_000
/** The request comes first; later sentences are reasons, conditions and alternatives. */
const MAX_SENTENCES = 3
/** A sentence with more words is about several things. */
const MAX_WORDS = 30

/** A line that is a quotation, code, a comment, a heading or a table row. */
const NOT_PROSE = /^(?:[>#|+]|\/\/|\/\*|\*\/|@@|--)/
const BULLET = /^(?:[-*•]|\d{1,3}[.)])\s/
/** Signs that do not occur in prose. */
const CODE = /[={}<>;]|->|\)\s*\(|\breturns? \(/
/** A sentence with a condition or an option does not ask for something unconditionally. */
const CONDITIONAL =
  /^(?:if|when|whenever|in case|unless|alternatively|or|otherwise|else|optionally)\b/i
const EXAMPLE =
  /\b(?:for example|for instance|example:|e\.g\.|i\.e\.|such as|like this|like so|as follows)/i
/**
 * Beginnings of sentences that describe how things are, unless they also contain one of `ASKING`.
 */
const DESCRIPTIVE =
  /^(?:the|an?|this|that|these|those|its?|there|here|in|on|at|for|as|by|with|since|because|even|one|users?|\w+\(\))\s/i
const ASKING = /\b(?:should|must|needs? to|ought to|recommend|suggest|advise|consider|better)\b/i

/** "To address this, …" gives the reason before the request. */
const PURPOSE_FIRST = /^(?:in order )?to\s[^,]{1,200},\s*/i

/**
 * The sentences of a recommendation that ask for something. Code blocks, diffs, comments,
 * quotations, conditions and examples do not.
 */
export function adviceIn(recommendation: string): string[] {
  const lines = withoutCode(shorten(recommendation, LIMIT))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !NOT_PROSE.test(line))
    .map((line) => line.replace(BULLET, ''))
  return lines
    .flatMap((line) => line.split(/[.!?:](?:\s|$)/))
    .flatMap((sentence) => {
      const [before = ''] = sentence.split(EXAMPLE, 1)
      const said = before.trim().replaceAll('`', '').replace(PURPOSE_FIRST, '')
      if (said === '' || CODE.test(said) || CONDITIONAL.test(said)) return []
      if (DESCRIPTIVE.test(said) && !ASKING.test(said)) return []
      return said.split(/\s+/, MAX_WORDS + 1).length > MAX_WORDS ? [] : said
    })
    .slice(0, MAX_SENTENCES)
}
