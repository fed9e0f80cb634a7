import type { SgNode } from '@ast-grep/napi'
import { isRequestHandler, isRequestInput, REQUEST_HINT } from './request-input.ts'
import { callTo, type SyntaxRule, type Verdict } from './rule.ts'
import { argumentsOf, calleeName, calleeOf, enclosingFunctions, unwrap } from './syntax.ts'

const PERFORMANCE = {
  perspectives: ['performance'],
  category: 'performance',
  appliesTo: ['source'],
} as const

function judgeSync(call: SgNode): Verdict {
  const scopes = enclosingFunctions(call)
  const handler = scopes.find(isRequestHandler)
  if (!handler) return false
  // Inside a plugin or factory that runs once; only what a handler does itself counts.
  const between = scopes.slice(0, scopes.indexOf(handler))
  if (between.some((scope) => /\.(?:once|on)$/.test(calleeOf(scope.parent()?.parent() ?? scope))))
    return false
  return calleeName(call) === 'existsSync' ? { severity: 'low', confidence: 0.6 } : true
}

function judgeUnbounded(call: SgNode): Verdict {
  const list = argumentsOf(call)[0]
  const mapped = list && unwrap(list)
  if (mapped?.kind() !== 'call_expression' || !calleeOf(mapped).endsWith('.map')) return false
  const source = mapped.field('function')?.field('object')
  return source != null && isRequestInput(source) && !/\.slice\(/.test(source.text())
}

export const PERFORMANCE_RULES: SyntaxRule[] = [
  {
    ...PERFORMANCE,
    id: 'blocking-call-in-handler',
    severity: 'high',
    confidence: 0.85,
    title: 'Request handler that blocks the process',
    detail: 'While a `…Sync` call runs, the process answers nobody else.',
    recommendation: 'Use the asynchronous form, or do it once at the start.',
    hints: [/\wSync\s*\(/],
    find: callTo(
      '^(?:(?:fs|crypto|zlib|cp|child_process|childProcess)\\.)?(?:(?:readFile|writeFile|appendFile|readdir|stat|lstat|exists|mkdir|rm|rmdir|unlink|copyFile|rename|realpath|open|read|write|access|exec|execFile|spawn|pbkdf2|scrypt|generateKeyPair|gzip|gunzip|deflate|inflate|brotliCompress|brotliDecompress|hash|compare)Sync|bcrypt\\.(?:hashSync|compareSync))$|^bcrypt(?:js)?\\.(?:hash|compare|genSalt)Sync$',
    ),
    judge: judgeSync,
  },
  {
    ...PERFORMANCE,
    id: 'json-clone',
    severity: 'low',
    confidence: 0.8,
    title: 'Deep copy through JSON',
    detail:
      'It writes and parses the whole value as text, and loses dates, `undefined`, maps and sets on the way.',
    recommendation: 'Use `structuredClone`, or copy only what changes.',
    hints: [/JSON\.parse\s*\(\s*JSON\.stringify/],
    find: { pattern: 'JSON.parse(JSON.stringify($VALUE))' },
  },
  {
    ...PERFORMANCE,
    id: 'unbounded-parallelism',
    severity: 'medium',
    confidence: 0.65,
    title: 'As much at once as the caller asks for',
    detail:
      'The list comes from the request, so its sender decides how many operations start at the same time.',
    recommendation:
      'Limit the length of the list in the schema, and run with a limit on what is in flight.',
    hints: [REQUEST_HINT, /Promise\.all/],
    find: callTo('^Promise\\.(?:all|allSettled)$'),
    judge: judgeUnbounded,
  },
]
