import type { SgNode } from '@ast-grep/napi'
import { isRequestInput, REQUEST_HINT } from './request-input.ts'
import { callTo, type SyntaxRule, type Verdict } from './rule.ts'
import { argumentsOf, calleeName, calleeOf, enclosingFunctions, propertyOf } from './syntax.ts'

const SECURITY = {
  perspectives: ['security'],
  category: 'security',
  appliesTo: ['source'],
} as const

const FILE_CALL =
  '^(?:(?:fs|fsp|fsPromises|promises|fs\\.promises)\\.)?(?:readFile|readFileSync|writeFile|writeFileSync|appendFile|appendFileSync|createReadStream|createWriteStream|unlink|unlinkSync|rm|rmSync|readdir|readdirSync|open|openSync|stat|statSync|copyFile|rename|mkdir)$|\\.(?:sendFile|download)$'

function judgePath(call: SgNode): Verdict {
  const given = argumentsOf(call)
  const path = given[0]
  if (!path || !isRequestInput(path) || /\bbasename\(/.test(path.text())) return false
  // Fastify's static plugin stays within its root, and so does Express with `{ root }`.
  if (/^(?:reply|rep)\b/.test(calleeOf(call))) return false
  if (/^(?:sendFile|download)$/.test(calleeName(call)) && propertyOf(given[1], 'root')) return false
  const around = enclosingFunctions(call)[0]?.text() ?? ''
  if (/\.startsWith\(|\brelative\(|\bbasename\(|isInside|isWithin|isSafe|sanitiz/i.test(around)) {
    return {
      severity: 'low',
      confidence: 0.3,
      detail:
        'The path comes from the request. Something around it looks like a check; see that it also holds for encoded `..` and for links.',
    }
  }
  return true
}

function judgeRedirect(call: SgNode): Verdict {
  const target = argumentsOf(call).find((argument) => argument.kind() !== 'number')
  if (!target || !isRequestInput(target)) return false
  // With a fixed beginning that names a host or path, the sender only chooses the rest.
  if (/^[`'"](?:https?:\/\/[^/$]+\/|\/(?!\/|\$\{))/.test(target.text())) return false
  const around = enclosingFunctions(call)[0]?.text() ?? ''
  return /\ballow|\.startsWith\(['"]\/|isSafe|isLocal|isRelative|whitelist/i.test(around)
    ? { confidence: 0.3, severity: 'low' }
    : true
}

function judgeFetch(call: SgNode): Verdict {
  const target = argumentsOf(call)[0]
  if (!target || !isRequestInput(target)) return false
  // A fixed scheme and host leave only the path to the sender.
  return (
    !/^[`'"]https?:\/\/[^/$'"`]+[/'"`]/.test(target.text()) &&
    !/^`\$\{[A-Z_.a-z]*(?:url|base|host|origin|endpoint)\w*\}\//i.test(target.text())
  )
}

function judgeMerge(call: SgNode): Verdict {
  return argumentsOf(call)
    .slice(1)
    .some((given) => isRequestInput(given))
}

function judgeKey(match: SgNode): Verdict {
  const left = match.field('left')
  const outer = left?.field('object')
  // One level writes a property of this object; two can reach `__proto__` and thus all objects.
  if (outer?.kind() !== 'subscript_expression') return false
  const keys = [left?.field('index'), outer.field('index')]
  if (!keys.every((key) => key && isRequestInput(key))) return false
  const around = enclosingFunctions(match)[0]?.text() ?? ''
  return !/__proto__|hasOwn|Object\.create\(null\)|\.has\(/.test(around)
}

function judgeAssign(call: SgNode): Verdict {
  const [target, ...sources] = argumentsOf(call)
  if (!target || target.kind() === 'object') return false
  return sources.some((source) =>
    /^(?:req|request|ctx\.request)\.(?:body|query)$/.test(source.text()),
  )
}

export const REACH_RULES: SyntaxRule[] = [
  {
    ...SECURITY,
    id: 'path-traversal',
    severity: 'high',
    confidence: 0.75,
    title: 'File path from the request',
    detail:
      'With `../` or an absolute path the sender reaches files outside of the folder that was meant.',
    recommendation:
      'Resolve the path and check that it is inside the folder, or look the file up by an id; `basename` is enough for plain names.',
    hints: [
      REQUEST_HINT,
      /\b(?:fs|readFile|createReadStream|sendFile|download|unlink|writeFile)\w*\b/,
    ],
    find: callTo(FILE_CALL),
    judge: judgePath,
  },
  {
    ...SECURITY,
    id: 'open-redirect',
    severity: 'medium',
    confidence: 0.75,
    title: 'Redirect to an address from the request',
    detail:
      'A link to this site can lead its visitors to any other one, which is what phishing needs.',
    recommendation: 'Redirect only to paths of this site or to addresses from a fixed list.',
    hints: [REQUEST_HINT, /redirect|location/i],
    find: callTo(
      '(?:^|\\.)(?:redirect|permanentRedirect)$|^(?:window\\.)?location\\.(?:assign|replace)$',
    ),
    judge: judgeRedirect,
  },
  {
    ...SECURITY,
    id: 'request-forgery',
    severity: 'high',
    confidence: 0.65,
    title: 'Outgoing request to an address from the request',
    detail:
      'The sender chooses where this server connects to, addresses inside its own network and cloud metadata included.',
    recommendation:
      'Take the host from a fixed list, or check the resolved address against private ranges and follow no redirects.',
    hints: [REQUEST_HINT, /\b(?:fetch|axios|got|ky|needle|superagent|undici|https?)\b/],
    find: callTo(
      '^(?:fetch|got|axios|undici\\.(?:fetch|request)|needle|superagent\\.get|(?:axios|got|needle|ky)\\.(?:get|post|put|patch|delete|head)|https?\\.(?:get|request))$',
    ),
    judge: judgeFetch,
  },
  {
    ...SECURITY,
    id: 'prototype-pollution',
    severity: 'high',
    confidence: 0.7,
    title: 'Deep merge of a request into an object',
    detail:
      'A `__proto__` or `constructor` key in the request changes the prototype of every object in the process.',
    recommendation:
      'Validate the body against a schema without unknown keys first, and copy single fields.',
    hints: [
      REQUEST_HINT,
      /\b(?:merge|mergeWith|mergeDeep|defaultsDeep|deepmerge|deepMerge|deepExtend|extend|setWith)\s*\(|\b(?:_|lodash)\.set\(/,
    ],
    find: callTo(
      '^(?:(?:_|lodash|\\$|jQuery|R|util)\\.)?(?:merge|mergeWith|mergeDeep|defaultsDeep|deepmerge|deepMerge|deepExtend|extend|setWith)$|^(?:_|lodash)\\.set$',
    ),
    judge: judgeMerge,
  },
  {
    ...SECURITY,
    id: 'property-from-request',
    severity: 'high',
    confidence: 0.75,
    title: 'Nested property written under names from the request',
    detail: 'With `__proto__` as the first name, the second is set on every object in the process.',
    recommendation:
      'Use a `Map`, an object without prototype, or check the name against a fixed list.',
    hints: [REQUEST_HINT, /\]\s*\[[^\]\n]*\]\s*=[^=]/],
    find: { kind: 'assignment_expression', has: { field: 'left', kind: 'subscript_expression' } },
    judge: judgeKey,
  },
  {
    ...SECURITY,
    id: 'mass-assignment',
    severity: 'medium',
    confidence: 0.6,
    title: 'Whole request copied onto an object',
    detail: 'The sender can set properties that no form offers, such as a role or an owner.',
    recommendation: 'Copy the fields that may be changed, by name.',
    hints: [REQUEST_HINT, /Object\.assign/],
    find: callTo('^Object\\.assign$'),
    judge: judgeAssign,
  },
]
