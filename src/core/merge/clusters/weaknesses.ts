import { shorten } from '../../text/shorten.ts'

/** Only this many characters of a text are searched. */
const LIMIT = 400

const JOINED = '(?:concat\\w*|interpolat\\w*|string|built|build|glue\\w*|append\\w*|template)'
const UNSAFE = `(?:inject\\w*|unescap\\w*|un-?saniti[sz]\\w*|untrusted|un-?parameteri[sz]\\w*|tamper\\w*|${JOINED})`

/**
 * Well-known weaknesses by the phrases that reviewers use: the different names rarely share a word.
 */
const WEAKNESSES: [name: string, said: string][] = [
  ['sql injection', `\\bsqli\\b|${near('(?:sql|quer(?:y|ies))', UNSAFE)}`],
  [
    'cross-site scripting',
    `\\bxss\\b|cross[- ]site script|${near('(?:html|innerhtml|markup|script)', '(?:inject\\w*|unescap\\w*|un-?saniti[sz]\\w*)')}`,
  ],
  [
    'command injection',
    `shell inject|command inject|${near('(?:shell|exec|command)', '(?:user|request|untrusted|unescap\\w*|arbitrary)')}`,
  ],
  [
    'path traversal',
    `directory traversal|path traversal|\\.\\./|${near('(?:path|file ?name)', '(?:user|request|outside|escap\\w*|un-?saniti[sz]\\w*)')}`,
  ],
  ['code evaluation', 'code inject|\\beval\\b|run as code|code evaluation'],
  [
    'secret in the code',
    near(
      '(?:hard-?coded|embedded|committed|checked in|in (?:the )?source)',
      '(?:secret|password|credential|token|key)s?',
    ),
  ],
  [
    'weak hash',
    `${near('(?:weak|fast|broken|outdated|insecure|unsalted)', '(?:hash\\w*|digest)')}|\\b(?:md5|sha-?1)\\b`,
  ],
  [
    'weak randomness',
    `math\\.random|${near('(?:predictable|guessable|weak|insecure)', '(?:random\\w*|token)s?')}`,
  ],
  ['timing', 'timing (?:attack|leak|side)|constant[- ]time|timing-?safe'],
  ['request forgery', '\\bcsrf\\b|\\bxsrf\\b|cross[- ]site request'],
  ['server-side request forgery', '\\bssrf\\b|server[- ]side request'],
  ['open redirect', near('(?:open|unvalidated|unchecked|arbitrary)', 'redirect\\w*')],
  [
    'rate limit',
    'rate[- ]?limit|brute[- ]?forc|throttl\\w*|(?:unlimited|endless) (?:login |sign-?in )?(?:attempts|tries|guesses)',
  ],
  ['user enumeration', near('(?:user|account|e-?mail)s?', '(?:enumerat\\w*|exists?|existence)')],
  ['session fixation', near('session', '(?:fixation|regenerat\\w*|rotat\\w*)')],
  ['cookie flags', near('cookie', '(?:httponly|secure flag|samesite|flags?)')],
  [
    'query in a loop',
    'n ?\\+ ?1|(?:query|queries|database calls?) (?:in|inside|within|per|for each)',
  ],
  [
    'blocking call',
    near('(?:block\\w*|synchronous\\w*|sync)', '(?:event loop|i/o|io|file|read|write|call)'),
  ],
  [
    'swallowed error',
    near(
      '(?:swallow\\w*|ignor\\w*|silent\\w*|empty|discard\\w*|suppress\\w*)',
      '(?:errors?|exceptions?|catch|rejections?|failures?)',
    ),
  ],
  [
    'race condition',
    'race condition|\\btoctou\\b|check[- ]then[- ]act|not atomic|data race|lost update',
  ],
  ['unsafe deserialisation', 'deseriali[sz]|unpickl|unserialize'],
]

const PATTERNS = WEAKNESSES.map(([name, said]) => ({ name, pattern: new RegExp(said, 'i') }))

/** The well-known weaknesses that a text mentions. */
export function weaknessesIn(text: string): string[] {
  const searched = shorten(text, LIMIT)
  return PATTERNS.filter(({ pattern }) => pattern.test(searched)).map(({ name }) => name)
}

/** Matches two words within 40 characters of each other, in either order. */
function near(one: string, other: string): string {
  return `\\b${one}\\b.{0,40}?\\b${other}\\b|\\b${other}\\b.{0,40}?\\b${one}\\b`
}
