import { shorten } from '../../../core/text/shorten.ts'

/** What kind of file a reviewer would call it, judging by its name and first lines. */
export type FileRole =
  /** Contains tests. */
  | 'test'
  /** For tests, benchmarks, examples or builds rather than production. */
  | 'support'
  | 'source'

export type Grammar = 'TypeScript' | 'Tsx'

/** The grammar that a file is parsed with; undefined if it is not TypeScript or JavaScript. */
export function grammarOf(path: string): Grammar | undefined {
  if (/\.d\.[cm]?ts$/.test(path)) return undefined
  if (/\.[cm]?ts$/.test(path)) return 'TypeScript'
  // Used for JavaScript too: with one grammar for all, one rule is enough.
  if (/\.(?:tsx|jsx|[cm]?js)$/.test(path)) return 'Tsx'
  return undefined
}

export function isDeclaration(path: string): boolean {
  return /\.d\.[cm]?ts$/.test(path)
}

const TEST_NAME = /(?:^|\/|[.\-_])(?:test|tests|spec|specs|e2e|cy)\.[cm]?[jt]sx?$/i
const TEST_FOLDER = /(?:^|\/)__tests__\//
const TEST_SUPPORT_FOLDER =
  /(?:^|\/)(?:tests?|__tests__|__mocks__|__fixtures__|specs?|e2e|cypress|fixtures?|mocks?|testing|test-?utils?|test-?helpers?|stories|\.storybook)\//i
/** Next to the source rather than in it: `src/tools/` is part of the product, `tools/` is not. */
const SIDE_FOLDER =
  /^(?:(?!src\/|lib\/|app\/)[^/]+\/)*(?:bench|benches|benchmarks?|perf|perf-?tests?|generators?|examples?|demos?|samples?|scripts?|tools?|tasks|migrations|seeds?|docs?|website)\//i
const SUPPORT_NAME =
  /(?:(?:^|\/)\.[^/]+\.[cm]?[jt]s|\.(?:config|conf|preset|stories|story|bench|mock|fixture|setup|seed)\.[cm]?[jt]sx?|(?:^|\/)(?:gulpfile|gruntfile|jakefile|plopfile|seed|mock-?server|db-reset|mockServiceWorker|(?:vitest|jest|test|karma)[.-]?(?:setup|config)\w*)\.[cm]?[jt]s)$/i

/** `holdsTests` says whether its text registers tests: a file in `test/` may or may not. */
export function roleOf(path: string, holdsTests: boolean): FileRole {
  if (TEST_NAME.test(path) || TEST_FOLDER.test(path)) return holdsTests ? 'test' : 'support'
  if (holdsTests && /(?:^|\/)(?:tests?|specs?|e2e|cypress)\//i.test(path)) return 'test'
  if (TEST_SUPPORT_FOLDER.test(path) || SIDE_FOLDER.test(path)) return 'support'
  return SUPPORT_NAME.test(path) ? 'support' : 'source'
}

const REGISTERS_TESTS =
  /(?:^|[\s;,(!])(?:test|it|describe|suite|context|specify|fit|xit|fdescribe|xdescribe|t\.test|tap|Deno\.test|QUnit)(?:\s*\.\s*\w+)*\s*(?:\.(?:each|for)\s*[(`]|(?:<[^>]{0,200}>)?\(\s*(?:['"`]|async|\(|function|\w+\.name))/m

export function registersTests(text: string): boolean {
  return REGISTERS_TESTS.test(text)
}

/** Whether a minifier or bundler produced the file, so that its lines mean nothing to a reader. */
export function isMinified(path: string, text: string): boolean {
  if (/[.-](?:min|bundle|chunk)\.[cm]?js$/i.test(path)) return true
  if (text.length < 5_000) return false
  const lines = text.split('\n').length
  return text.length / lines > 250
}

const MAX_DEPTH = 500

/**
 * Whether brackets are nested so deeply that a parser may overflow its stack; nobody writes such
 * code.
 */
export function isTooDeep(text: string): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    if (character === '(' || character === '[' || character === '{') depth += 1
    else if (character === ')' || character === ']' || character === '}')
      depth = Math.max(0, depth - 1)
    if (depth > MAX_DEPTH) return true
  }
  return false
}

/** Whether a comment in the file says that a tool generated it. */
export function isGenerated(text: string): boolean {
  return GENERATED.test(leadingComment(text))
}

const GENERATED =
  /@generated\b|\bauto-?generated\b|\bautomatically generated\b|\bthis (?:file|code|module) (?:is|was|has been) (?:\w+ )?generated\b|\bgenerated\b.{0,80}\bdo not (?:edit|modify)|\bdo not (?:edit|modify)\b.{0,80}\bgenerated\b/is

function leadingComment(text: string): string {
  return (
    /^(?:#!.*\n)?(?:\s*(?:\/\/.*(?:\n|$)|\/\*[\s\S]*?\*\/))*/.exec(shorten(text, 2_000))?.[0] ?? ''
  )
}

/** Decodes text: valid UTF-8 without a NUL near the start. */
export function decodeText(content: Buffer): string | undefined {
  if (content.subarray(0, 8_000).includes(0)) return undefined
  const text = content.toString('utf8')
  // A few broken characters are an editor's slip; many mean another encoding or binary data.
  let broken = 0
  for (let at = text.indexOf('\ufffd'); at >= 0; at = text.indexOf('\ufffd', at + 1)) broken += 1
  return broken > 10 && broken > text.length / 100 ? undefined : text
}
