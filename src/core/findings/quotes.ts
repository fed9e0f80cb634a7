import type { Finding } from '../contract/findings.ts'
import { shorten } from '../text/shorten.ts'

const MAX_QUOTES = 8
const MAX_QUOTE = 2_000

/** Shorter quotations match by chance. */
const LEAST = 10

/** Words that introduce code that is not in the file, because it is proposed or is sample input. */
const PROPOSED =
  /(?:\b(?:use|using|instead|should|could|would|replace|rewrite|change|changed|add|adding|prefer|recommend\w*|suggest\w*|e\.g\.|example|such as|like|with|payload|input|sends?|request|returns?|run|call(?:ing)? it|fix\w*|into|to|becomes?)\b|→|->|=>|建议|例如|改为|たとえば|statt|par exemple|por ejemplo)[^.`]{0,30}$/i

/**
 * The code that a finding claims to have seen: its evidence where that is code, and code in its
 * detail that is neither advice nor an example.
 */
export function quotesOf({ evidence = '', detail = '' }: Finding): string[] {
  const quotes: string[] = []
  const blocks = (text: string) => [...text.matchAll(/```[^\n`]{0,40}\n([^`]{1,4000})```/g)]
  for (const [, code = ''] of blocks(evidence)) quotes.push(code)
  const bare = evidence.replace(/```[^\n`]{0,40}\n[^`]{1,4000}```/g, '\n')
  const inline = [...bare.matchAll(/`([^`\n]{1,400})`/g)].map(([, code = '']) => code)
  if (inline.length > 0) quotes.push(...inline)
  else quotes.push(...codeIn(bare))
  for (const { 1: code = '', index } of blocks(detail)) {
    if (!PROPOSED.test(detail.slice(Math.max(0, index - 60), index).trimEnd())) quotes.push(code)
  }
  for (const { 1: code = '', index } of detail.matchAll(/`([^`\n]{1,400})`/g)) {
    const before = detail.slice(Math.max(0, index - 60), index)
    if (isCode(code) && !PROPOSED.test(before)) quotes.push(code)
  }
  return quotes
    .filter((quote) => !TESTS.test(quote))
    .map((quote) => shorten(quote, MAX_QUOTE).trim())
    .filter((quote) => squeezed(quote).length >= LEAST)
    .slice(0, MAX_QUOTES)
}

/** Code that demonstrates a finding, such as a test, rather than code that the finding is about. */
const TESTS =
  /\b(?:function test\w*|def test_\w*|it\(|describe\(|assert\w*\(|expect\(|console\.log|println!|vm\.\w+\()|^[-+] ?\S[^\n]*\n/

/** Runs of code lines, each one quotation. Links and sentences between them are not quoted. */
function codeIn(text: string): string[] {
  const runs: string[][] = [[]]
  for (const line of text.split('\n')) {
    if (/https?:\/\//.test(line) || !(isCode(line) || /^[\s{}()[\];,.]+$/.test(line))) runs.push([])
    else runs.at(-1)?.push(line)
  }
  return runs.map((run) => run.join('\n').trim()).filter((run) => isCode(run))
}

const KEYWORDS = new Set(
  'abstract and as async await case catch class const declare def default delete do else end enum export extends external final fn for from func function if implements import in inline int interface internal is let match memory mut new not null or override private protected pub public readonly return select self static storage struct super switch then throw try type typeof union unsigned using var view virtual void where while with yield'.split(
    ' ',
  ),
)

/**
 * Whether a text is statements rather than a name or a sentence: it has brackets, operators,
 * semicolons.
 */
function isCode(text: string): boolean {
  const bare = text.replace(/"[^"\n]{0,300}"|'[^'\n]{0,300}'/g, '""')
  const signs = bare.match(/[(){}[\]=;<>]|::|->|&&|\|\|/g)?.length ?? 0
  const words = bare.match(/[\p{L}\p{N}_$]+/gu)?.length ?? 0
  if (words < 2 || signs < 2 || signs * 4 < words) return false
  // "Line 12 calls eval(x)" is a sentence about code.
  if (/^\p{Lu}\p{Ll}+ /u.test(bare) && !/[;{=]/.test(bare)) return false
  const runs = bare.match(/\b\p{Ll}{2,20}(?: \p{Ll}{2,20}){2,}\b/gu) ?? []
  return !runs.some((run) => run.split(' ').filter((word) => !KEYWORDS.has(word)).length > 2)
}

/** A text prepared for searching. */
export interface SearchedText {
  lines: string[]
  /** Each line without spaces. */
  squeezed: string[]
  whole: string
  /** The offset of each line in `whole`. */
  starts: number[]
}

export function searchedText(text: string): SearchedText {
  const lines = text.split('\n')
  const tight = lines.map(squeezed)
  const starts: number[] = []
  let at = 0
  for (const line of tight) {
    starts.push(at)
    at += line.length
  }
  return { lines, squeezed: tight, whole: tight.join(''), starts }
}

/**
 * The 1-based line on which a quotation begins, the one nearest to `near` if there are several;
 * undefined if it is not in the text. Whitespace is ignored, an ellipsis matches anything, and
 * lines may differ slightly.
 */
export function findQuote(quote: string, text: SearchedText, near = 1): number | undefined {
  const lines = quote
    .split('\n')
    .map((line) => squeezed(withoutNumber(line)))
    .filter((line) => line !== '' && !/^(?:\/\/|#|\/\*)?(?:\.{3}|…)(?:\*\/)?$/.test(line))
  const exact = nearest(positionsOf(lines.join(''), text), near)
  if (exact !== undefined) return exact
  // If the quotation has gaps or changes, most of its lines must be close to each other.
  const telling = lines.filter((line) => line.length >= 6)
  const anchor = telling.reduce((best, line) => (line.length > best.length ? line : best), '')
  if (anchor.length < LEAST) return undefined
  const anchors = positionsOf(anchor, text)
  const candidates = anchors.length > 0 ? anchors : similarLines(anchor, text)
  const reach = telling.length * 3 + 10
  const holding = candidates.slice(0, 50).filter((line) => {
    const around = text.squeezed.slice(Math.max(0, line - 1 - reach), line + reach)
    const found = telling.filter((each) =>
      around.some((other) => other.includes(each) || alike(each, other)),
    )
    return found.length >= Math.max(1, telling.length * 0.7)
  })
  return nearest(holding, near)
}

function positionsOf(tight: string, { whole, starts }: SearchedText): number[] {
  const found: number[] = []
  if (tight === '') return found
  for (
    let at = whole.indexOf(tight);
    at >= 0 && found.length < 200;
    at = whole.indexOf(tight, at + 1)
  ) {
    found.push(lineAt(starts, at))
  }
  return found
}

/** The last line that begins at or before an offset, 1-based. */
function lineAt(starts: readonly number[], at: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] ?? 0) <= at) low = middle
    else high = middle - 1
  }
  return low + 1
}

function similarLines(line: string, { squeezed: lines }: SearchedText): number[] {
  return lines.flatMap((other, index) => (alike(line, other) ? [index + 1] : []))
}

/** Whether two lines share most of their character pairs. */
function alike(a: string, b: string): boolean {
  if (a.length < 8 || b.length < a.length * 0.7 || b.length > a.length * 1.4) return false
  const pairs = new Map<string, number>()
  for (let at = 0; at < a.length - 1; at += 1) {
    const pair = a.slice(at, at + 2)
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1)
  }
  let shared = 0
  for (let at = 0; at < b.length - 1; at += 1) {
    const pair = b.slice(at, at + 2)
    const left = pairs.get(pair) ?? 0
    if (left > 0) {
      shared += 1
      pairs.set(pair, left - 1)
    }
  }
  return (2 * shared) / (a.length + b.length - 2) >= 0.88
}

function nearest(lines: readonly number[], near: number): number | undefined {
  return lines.length === 0
    ? undefined
    : lines.reduce((best, line) => (Math.abs(line - near) < Math.abs(best - near) ? line : best))
}

/** Tools show code with line numbers, and diffs with a sign. */
function withoutNumber(line: string): string {
  return line.replace(/^ {0,8}\d{1,6} ?[|:→] ?/, '').replace(/^[+>](?=\s|$)/, '')
}

function squeezed(text: string): string {
  return text.replace(/\s+/g, '')
}
