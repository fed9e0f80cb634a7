import { shorten } from '../../text/shorten.ts'
import { withoutCode } from '../../text/words.ts'

/** Characters of a recommendation that are looked at. */
const LIMIT = 4_000
/** What is asked for comes first; later sentences are reasons, conditions and alternatives. */
const MAX_SENTENCES = 3
/** A sentence with more words is about several things. */
const MAX_WORDS = 30

/** A line that quotes, or that is code, a comment, a heading or a row of a table. */
const NOT_PROSE = /^(?:[>#|+]|\/\/|\/\*|\*\/|@@|--)/
const BULLET = /^(?:[-*•]|\d{1,3}[.)])\s/
/** What prose does not have. */
const CODE = /[={}<>;]|->|\)\s*\(|\breturns? \(/
/** A sentence that says when, or what somebody might do, asks for nothing that holds everywhere. */
const CONDITIONAL =
  /^(?:if|when|whenever|in case|unless|alternatively|or|otherwise|else|optionally)\b/i
const EXAMPLE =
  /\b(?:for example|for instance|example:|e\.g\.|i\.e\.|such as|like this|like so|as follows)/i
/** How a sentence begins that says how things are, unless it says how they should be. */
const DESCRIPTIVE =
  /^(?:the|an?|this|that|these|those|its?|there|here|in|on|at|for|as|by|with|since|because|even|one|users?|\w+\(\))\s/i
const ASKING = /\b(?:should|must|needs? to|ought to|recommend|suggest|advise|consider|better)\b/i

/** "To address this, …" says why before it says what. */
const PURPOSE_FIRST = /^(?:in order )?to\s[^,]{1,200},\s*/i

/**
 * The sentences of a recommendation that ask for something. Code blocks, diffs, comments, quotations,
 * conditions and examples ask for nothing.
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
