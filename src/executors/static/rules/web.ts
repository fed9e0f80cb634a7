import type { SgNode } from '@ast-grep/napi'
import { isRequestInput } from './request-input.ts'
import { callTo, type SyntaxRule, type Verdict } from './rule.ts'
import {
  argumentsOf,
  calleeName,
  enclosingFunctions,
  isConstant,
  kindOf,
  propertyOf,
  stringValue,
  unwrap,
} from './syntax.ts'

const SECURITY = {
  perspectives: ['security'],
  category: 'security',
  appliesTo: ['source'],
} as const

const CLEANED =
  /sanitiz|purify|escape|encode|highlight|katex|renderToString|trusted|\.outerHTML$|\.innerHTML$/i

function judgeHtml(match: SgNode): Verdict {
  const value = htmlOf(match)
  if (!value || isConstant(value) || CLEANED.test(value.text())) return false
  const node = unwrap(value)
  // Not text at all, or a number, which cannot contain markup.
  if (/^(?:object|array|arrow_function)$/.test(kindOf(node))) return false
  if (node.kind() === 'identifier') {
    const declared = declarationOf(node)
    if (declared && (isConstant(declared) || CLEANED.test(declared.text()))) return false
  }
  return isRequestInput(value) ||
    /\blocation\.(?:hash|search|href)|document\.(?:URL|referrer)|URLSearchParams/.test(value.text())
    ? { severity: 'high', confidence: 0.85 }
    : true
}

/** The markup that is inserted into the page. */
function htmlOf(match: SgNode): SgNode | undefined {
  switch (match.kind()) {
    case 'assignment_expression':
      return match.field('right') ?? undefined
    case 'call_expression':
      return argumentsOf(match).at(calleeName(match) === 'insertAdjacentHTML' ? 1 : 0)
    case 'pair':
      return match.field('value') ?? undefined
    default:
      return undefined
  }
}

function declarationOf(name: SgNode): SgNode | undefined {
  for (const scope of [...enclosingFunctions(name), name.getRoot().root()]) {
    const found = scope.find({
      rule: {
        kind: 'variable_declarator',
        has: { field: 'name', regex: `^${name.text().replace(/\$/g, '\\$')}$` },
      },
    })
    if (found) return found.field('value') ?? undefined
  }
  return undefined
}

function judgeCors(match: SgNode): Verdict {
  if (match.kind() === 'call_expression' && /cors$/i.test(calleeName(match))) {
    const options = argumentsOf(match)[0]
    return judgeCorsOptions(options)
  }
  if (match.kind() === 'call_expression' && calleeName(match) === 'register') {
    const [plugin, options] = argumentsOf(match)
    return plugin !== undefined && /cors/i.test(plugin.text()) && judgeCorsOptions(options)
  }
  const given = argumentsOf(match)
  if (!/^access-control-allow-origin$/i.test(stringValue(given[0]) ?? '')) return false
  const origin = given[1]
  if (origin === undefined) return false
  const around = enclosingFunctions(match)[0]?.text() ?? ''
  const credentials = /access-control-allow-credentials/i.test(around)
  if (
    isRequestInput(origin) &&
    !/allow(?:ed|List)|\.includes\(|\.has\(/.test(around.replace(/access-control-allow/gi, ''))
  ) {
    return credentials
      ? { severity: 'high', confidence: 0.85 }
      : { severity: 'medium', confidence: 0.6 }
  }
  return stringValue(origin) === '*' && credentials ? { severity: 'medium' } : false
}

function judgeCorsOptions(options: SgNode | undefined): Verdict {
  const origin = propertyOf(options, 'origin')
  const credentials = propertyOf(options, 'credentials')?.text() === 'true'
  const open = origin !== undefined && (origin.text() === 'true' || stringValue(origin) === '*')
  if (!open) return false
  if (credentials && origin.text() === 'true') return { severity: 'high', confidence: 0.85 }
  return credentials
    ? { severity: 'medium' }
    : {
        severity: 'low',
        confidence: 0.5,
        detail:
          'Every site may read the answers. That is right for a public API, and wrong for one that trusts the network it runs in.',
      }
}

function judgeCookie(call: SgNode): Verdict {
  const options = argumentsOf(call).at(-1)
  const name = stringValue(argumentsOf(call)[0]) ?? ''
  if (propertyOf(options, 'httpOnly')?.text() !== 'false') return false
  // Cookies that scripts must be able to read.
  return !/csrf|xsrf|theme|locale|lang|consent/i.test(name)
}

function judgeStack(call: SgNode): Verdict {
  return argumentsOf(call).some((argument) =>
    /\b(?:err|error|e|ex|exception)\??\.stack\b/.test(argument.text()),
  )
}

export const WEB_RULES: SyntaxRule[] = [
  {
    ...SECURITY,
    id: 'html-injection',
    severity: 'medium',
    confidence: 0.6,
    title: 'Markup built from values',
    detail:
      'A value that holds markup brings its own scripts into the page (cross-site scripting).',
    recommendation:
      'Set `textContent`, let the framework render the value, or clean it with DOMPurify.',
    hints: [/innerHTML|outerHTML|insertAdjacentHTML|document\.write|__html/],
    find: {
      any: [
        {
          kind: 'assignment_expression',
          has: { field: 'left', regex: '\\.(?:innerHTML|outerHTML)$' },
        },
        callTo('\\.insertAdjacentHTML$|^document\\.(?:write|writeln)$'),
        { kind: 'pair', has: { field: 'key', regex: '^__html$' } },
      ],
    },
    judge: judgeHtml,
  },
  {
    ...SECURITY,
    id: 'tls-verification-disabled',
    severity: 'high',
    confidence: 0.9,
    title: 'Certificates are not verified',
    detail: 'Anybody on the way can pose as the other side, read what is sent and change it.',
    recommendation:
      'Leave verification on, and name a private authority with `ca` or `NODE_EXTRA_CA_CERTS`.',
    hints: [/rejectUnauthorized|NODE_TLS_REJECT_UNAUTHORIZED|strictSSL/],
    find: {
      any: [
        {
          kind: 'pair',
          all: [
            { has: { field: 'key', regex: '^[\'"]?(?:rejectUnauthorized|strictSSL)[\'"]?$' } },
            { has: { field: 'value', regex: '^false$' } },
          ],
        },
        {
          kind: 'assignment_expression',
          all: [
            {
              has: { field: 'left', regex: 'NODE_TLS_REJECT_UNAUTHORIZED|\\.rejectUnauthorized$' },
            },
            { has: { field: 'right', regex: '^(?:[\'"`]?0[\'"`]?|false)$' } },
          ],
        },
      ],
    },
  },
  {
    ...SECURITY,
    id: 'permissive-cors',
    severity: 'medium',
    confidence: 0.7,
    title: 'Every site may call this API from a browser',
    detail: 'Any page that a user visits can send requests in their name and read the answers.',
    recommendation: 'Name the origins that may, in a list.',
    hints: [/cors|access-control-allow-origin/i],
    find: callTo('(?:^|\\.|\\()(?:cors|register|setHeader|header|set|append)$|^(?:\\w*[cC]ors)$'),
    judge: judgeCors,
  },
  {
    ...SECURITY,
    id: 'readable-cookie',
    severity: 'medium',
    confidence: 0.7,
    title: 'Cookie that scripts can read',
    detail: 'A script that gets into the page can read the cookie and send it away.',
    recommendation: 'Set `httpOnly: true`, with `secure` and `sameSite`.',
    hints: [/httpOnly/],
    find: callTo('\\.(?:cookie|setCookie)$'),
    judge: judgeCookie,
  },
  {
    ...SECURITY,
    id: 'stack-trace-exposed',
    severity: 'medium',
    confidence: 0.8,
    title: 'Stack trace sent to the caller',
    detail: 'It tells paths, versions and the structure of the code.',
    recommendation: 'Log it, and answer with a message that was written for callers.',
    hints: [/\.stack\b/],
    find: callTo('^(?:res|response|reply|ctx|c)\\b.*\\.(?:send|json|end|write|text|html)$'),
    judge: judgeStack,
  },
]
