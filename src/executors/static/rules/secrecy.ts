import type { SgNode } from '@ast-grep/napi'
import { shorten } from '../../../core/text/shorten.ts'
import { isRequestInput, REQUEST_HINT } from './request-input.ts'
import { callTo, type SyntaxRule, type Verdict } from './rule.ts'
import {
  ancestorsInFunction,
  argumentsOf,
  calleeName,
  calleeOf,
  enclosingFunctions,
  kindOf,
  nameOfTarget,
  propertyOf,
  stringValue,
} from './syntax.ts'

const SECURITY = {
  perspectives: ['security'],
  category: 'security',
  appliesTo: ['source'],
} as const

const SECRET_NAME =
  /(?:passw(?:or)?d|passphrase|secret|credential|api_?key|private_?key|access_?key|auth_?token)/i
const TOKEN_NAME =
  /(?:token|secret|passw(?:or)?d|otp|nonce|csrf|session_?id|sid$|api_?key|salt|invite_?code|verification_?code|reset_?code|pin_?code)/i
const CONTENT_NAME =
  /(?:etag|checksum|cache|fingerprint|digest|content|file|asset|revision|version|gravatar|avatar|dedup|bucket|shard|slug|color|short)/i

/**
 * The words around a place that tell what a value is for: its target, and the function that
 * computes it.
 */
function purpose(node: SgNode): string {
  const scope = enclosingFunctions(node)[0]
  return [nameOfTarget(node), scope?.field('name')?.text(), scope && nameOfTarget(scope)].join(' ')
}

function judgeHash(call: SgNode): Verdict {
  const algorithm = stringValue(argumentsOf(call)[0])?.toLowerCase()
  if (!algorithm || !/^(?:md4|md5|sha1|sha-1|ripemd160)$/.test(algorithm)) return false
  const scope = enclosingFunctions(call)[0]
  // The WebSocket handshake requires SHA-1.
  if (/258EAFA5/i.test(scope?.text() ?? '')) return false
  const statement = ancestorsInFunction(call).find((node) =>
    /statement$|declaration$/.test(kindOf(node)),
  )
  const around = shorten((statement ?? scope)?.text() ?? '', 300).replace(/\.digest\b/g, '')
  const words = `${purpose(call)} ${around}`
  if (/passw(?:or)?d|passphrase|credential|secret|signature|\bsign|token|otp/i.test(words)) {
    const password = /passw(?:or)?d|passphrase/i.test(words)
    return {
      severity: 'high',
      confidence: 0.8,
      detail: password
        ? `${algorithm.toUpperCase()} is made to be fast, so stolen password hashes are guessed at billions a second.`
        : `${algorithm.toUpperCase()} is broken: different inputs with the same hash can be made.`,
    }
  }
  return !CONTENT_NAME.test(words)
}

function judgeCipher(call: SgNode): Verdict {
  const name = calleeName(call)
  // Removed in Node 22; in older versions they derive the key without a salt.
  if (name === 'createCipher' || name === 'createDecipher') return argumentsOf(call).length >= 2
  const algorithm = stringValue(argumentsOf(call)[0])
  return (
    algorithm !== undefined && /^(?:des|rc2|rc4|bf|blowfish|cast5?|seed)\b|-ecb$/i.test(algorithm)
  )
}

function judgeRandom(call: SgNode): Verdict {
  const target = nameOfTarget(call)
  const scope = enclosingFunctions(call)[0]
  const name = scope?.field('name')?.text() ?? (scope && nameOfTarget(scope)) ?? ''
  return [target ?? '', name].some(
    (word) =>
      TOKEN_NAME.test(word) && !/(?:tokens?(?:Count|Budget|Limit|s$))|Nonces?Count/i.test(word),
  )
}

function judgeJwt(call: SgNode, file: { text: string }): Verdict {
  const name = calleeName(call)
  const given = argumentsOf(call)
  const options = given.find((argument, index) => index > 0 && argument.kind() === 'object')
  const algorithms = `${propertyOf(options, 'algorithms')?.text() ?? ''}${propertyOf(options, 'algorithm')?.text() ?? ''}`
  if (/['"]none['"]/i.test(algorithms)) {
    return {
      severity: 'critical',
      confidence: 0.95,
      detail: 'With the algorithm `none` a token carries no signature: anybody can write one.',
    }
  }
  if (name === 'verify' && propertyOf(options, 'ignoreExpiration')?.text() === 'true') {
    return {
      severity: 'medium',
      confidence: 0.85,
      title: 'Expired tokens are accepted',
      detail: '`ignoreExpiration` keeps a stolen token good for ever.',
    }
  }
  if (name === 'verify' || name === 'sign') return false
  // It is common to read a token before verifying it in the same place, to find its key.
  const scope = enclosingFunctions(call)[0]?.text() ?? file.text
  return /\b(?:verify|jwtVerify|verifyAsync)\s*\(/.test(scope)
    ? false
    : { confidence: isRequestInput(given[0] ?? call) ? 0.85 : 0.6 }
}

function judgeCredential(match: SgNode): Verdict {
  const name = match.field('name') ?? match.field('key') ?? match.field('left')
  const value = stringValue(match.field('value') ?? match.field('right'))
  if (!name || value === undefined) return false
  const plain = name.text().replace(/^['"]|['"]$/g, '')
  const last = plain.split('.').at(-1) ?? plain
  if (
    !SECRET_NAME.test(last) ||
    /(?:name|field|header|label|path|file|url|uri|type|prefix|regex|pattern|hint|message|error|length|policy|placeholder|param|env|id|ref|key_?names?)$/i.test(
      last,
    )
  ) {
    return false
  }
  return isPlausibleSecret(value)
}

/** Long enough, without spaces, and not a placeholder, reference, name or sentence. */
function isPlausibleSecret(value: string): boolean {
  if (value.length < 8 || value.length > 200 || /\s/.test(value)) return false
  if (/^(?:\$|%|<|\{|#|\/|\.|https?:|process\.|env[:.])|\$\{|^[*.x_-]+$/i.test(value)) return false
  if (
    /example|placeholder|change[-_]?me|your[-_]|dummy|redacted|undefined|default|insert|todo|xxx|sample|test|fake|mock|password$/i.test(
      value,
    )
  )
    return false
  // `api-key`, `AccessKeyId`, `auth.password`: words, not secrets.
  if (/^[A-Za-z]+(?:[-_.:][A-Za-z]+)*$/.test(value)) return false
  return true
}

function judgeKeyInCall(call: SgNode): Verdict {
  const given = argumentsOf(call)
  const key = /(?:sign|verify)$/.test(calleeOf(call))
    ? given[1]
    : /cookieParser$/i.test(calleeOf(call))
      ? given[0]
      : propertyOf(given[0], 'secret')
  const value = stringValue(key)
  return value !== undefined && value.length > 0 && !/BEGIN /.test(value)
    ? { at: key as SgNode }
    : false
}

function judgeComparison(match: SgNode): Verdict {
  const left = match.field('left')
  const right = match.field('right')
  if (!left || !right) return false
  const sides = [left, right]
  // Compared with nothing, a type or a fixed word, there is nothing to guess.
  if (
    sides.some(
      (side) =>
        stringValue(side) !== undefined ||
        /^(?:undefined|null|true|false|number|unary_expression)$/.test(kindOf(side)) ||
        /^typeof\b|\.length$/.test(side.text()),
    )
  )
    return false
  const secret = sides.find((side) =>
    /(?:signature|hmac|digest|api_?key|secret|auth_?token|csrf_?token)\w{0,8}$|\.digest\([^)]*\)$/i.test(
      side.text(),
    ),
  )
  const other = sides.find((side) => side !== secret)
  return (
    secret !== undefined && other !== undefined && (isRequestInput(other) || isRequestInput(secret))
  )
}

export const SECRECY_RULES: SyntaxRule[] = [
  {
    ...SECURITY,
    id: 'weak-hash',
    severity: 'low',
    confidence: 0.5,
    title: 'Weak hash function',
    detail: 'MD5 and SHA-1 are broken: different inputs with the same hash can be made.',
    recommendation: 'Use SHA-256 or better; for passwords scrypt, bcrypt or Argon2.',
    hints: [/createHash|createHmac|\bhash\(/],
    find: callTo('(?:^|\\.)(?:createHash|createHmac)$|^(?:crypto\\.)hash$'),
    judge: judgeHash,
  },
  {
    ...SECURITY,
    id: 'weak-cipher',
    severity: 'high',
    confidence: 0.85,
    title: 'Weak encryption',
    detail:
      'The algorithm is broken, shows patterns of the text (ECB), or derives its key without a salt.',
    recommendation:
      'Use `createCipheriv` with `aes-256-gcm` or `chacha20-poly1305`, and a new nonce for each text.',
    hints: [/createCipher|createDecipher/],
    find: callTo('(?:^|\\.)create(?:Cipher|Decipher)(?:iv)?$'),
    judge: judgeCipher,
  },
  {
    ...SECURITY,
    id: 'insecure-random',
    severity: 'high',
    confidence: 0.8,
    title: 'Guessable random value for something secret',
    detail: '`Math.random` can be predicted from a few of its values.',
    recommendation: 'Use `crypto.randomBytes`, `crypto.randomInt` or `crypto.randomUUID`.',
    hints: [/Math\.random/],
    find: callTo('^Math\\.random$'),
    judge: judgeRandom,
  },
  {
    ...SECURITY,
    id: 'jwt-unverified',
    severity: 'high',
    confidence: 0.6,
    title: 'Token read without verifying it',
    detail: '`decode` does not check the signature: anybody can write what it returns.',
    recommendation: 'Use `verify` with the key and a fixed list of algorithms.',
    hints: [/jsonwebtoken|\bjwt\b|\bjose\b|decodeJwt|jwt-decode/i],
    find: callTo(
      '^(?:jwt|jsonwebtoken|JWT|jose|jsonWebToken)\\.(?:decode|decodeJwt|verify|sign)$|^(?:decodeJwt|jwtDecode|jwt_decode)$',
    ),
    judge: judgeJwt,
  },
  {
    ...SECURITY,
    id: 'signing-key-in-code',
    severity: 'high',
    confidence: 0.85,
    title: 'Signing key in the code',
    detail: 'Whoever reads the code can sign tokens or sessions for any user.',
    recommendation: 'Read the key from the environment or a secret store, and replace this one.',
    hints: [/jsonwebtoken|\bjwt\b|session\(|cookieParser\(/i],
    find: callTo(
      '^(?:jwt|jsonwebtoken|JWT)\\.(?:verify|sign)$|^(?:session|expressSession|cookieSession|cookieParser)$',
    ),
    judge: judgeKeyInCall,
  },
  {
    ...SECURITY,
    id: 'credential-in-code',
    severity: 'high',
    confidence: 0.6,
    title: 'Credential in the code',
    detail: 'Whoever reads the code has it, and it stays in the history after it was removed.',
    recommendation: 'Read it from the environment or a secret store, and replace this one.',
    hints: [/passw|passphrase|secret|credential|api_?key|private_?key|access_?key|auth_?token/i],
    find: {
      any: [
        {
          kind: 'variable_declarator',
          has: { field: 'value', any: [{ kind: 'string' }, { kind: 'template_string' }] },
        },
        {
          kind: 'pair',
          has: { field: 'value', any: [{ kind: 'string' }, { kind: 'template_string' }] },
        },
        {
          kind: 'assignment_expression',
          has: { field: 'right', any: [{ kind: 'string' }, { kind: 'template_string' }] },
        },
        {
          kind: 'public_field_definition',
          has: { field: 'value', any: [{ kind: 'string' }, { kind: 'template_string' }] },
        },
      ],
      regex: '(?i)passw|passphrase|secret|credential|api_?key|private_?key|access_?key|auth_?token',
    },
    judge: judgeCredential,
  },
  {
    ...SECURITY,
    id: 'timing-unsafe-comparison',
    severity: 'medium',
    confidence: 0.6,
    title: 'Secret compared in a time that depends on it',
    detail:
      '`===` stops at the first difference, so the time it takes reveals how much of a guess was right.',
    recommendation: 'Compare hashes of both with `crypto.timingSafeEqual`.',
    hints: [REQUEST_HINT, /signature|hmac|digest|api_?key|secret|token/i],
    find: { kind: 'binary_expression', has: { field: 'operator', regex: '^[!=]==?$' } },
    judge: judgeComparison,
  },
]
