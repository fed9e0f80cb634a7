import type { SgNode } from '@ast-grep/napi'
import { isRequestInput, REQUEST_HINT } from './request-input.ts'
import { callTo, type ParsedFile, type SyntaxRule, type Verdict } from './rule.ts'
import {
  argumentsOf,
  calleeName,
  calleeOf,
  interpolations,
  isBuiltText,
  isConstant,
  propertyOf,
  stringValue,
  unwrap,
} from './syntax.ts'

const SECURITY = {
  perspectives: ['security'],
  category: 'security',
  appliesTo: ['source'],
} as const

const SQL =
  /^\s*(?:SELECT\b[\s\S]+?\bFROM\b|INSERT\s+INTO\b|UPDATE\b[\s\S]+?\bSET\b|DELETE\s+FROM\b|REPLACE\s+INTO\b|WITH\b[\s\S]+?\bAS\s*\(|(?:DROP|ALTER|TRUNCATE|CREATE)\s+(?:TABLE|DATABASE|USER|INDEX|VIEW|SCHEMA)\b)/
const SQL_CALL =
  /(?:^|\.)(?:query|execute|exec|raw|prepare|unsafe|all|get|run|each|many|one|none|any|oneOrNone|manyOrNone|queryRaw|\$queryRawUnsafe|\$executeRawUnsafe|whereRaw|orderByRaw|selectRaw|joinRaw|literal)$/
/**
 * Places for names, which cannot be placeholders: these words are followed by a table, column or
 * order.
 */
const NAME_PLACE =
  /\b(?:FROM|INTO|UPDATE|JOIN|TABLE|INDEX|DATABASE|SCHEMA|USER|VIEW|ON|BY|SELECT|DISTINCT|SET|AND|WHERE|EXISTS|AS)\s+["`[]?(?:\w+["`\]]?\.["`[]?)?$|,\s*["`[]?$|\(\s*["`[]?$|["`\w]\.["`[]?$|\b(?:LIMIT|OFFSET)\s+$/i
const HARMLESS_PART =
  /(?:escape|quote|placeholder|ident|literal|sanitiz|bind|param(?:eter)?s?\b|columns?\b|fields?\b|tables?\b|where\b|clauses?\b|conditions?\b|order\b|direction\b|limit\b|offset\b|joins\b|schema\b|prefix\b|(?:^|\.)sql\b|\.(?:length|size)$|^(?:Number|parseInt|parseFloat)\(|['"`]\?|['"`]\$)/i

function judgeSql(start: SgNode): Verdict {
  const match = sumAround(start)
  // A string in the middle of a sum is judged with the beginning of the sum.
  if (match.range().start.index !== start.range().start.index) return false
  const parent = match.parent()
  // A tagged template (sql`…`) is a call whose argument is a template.
  if (match.kind() === 'template_string' && parent?.kind() === 'call_expression') return false
  const parts = interpolations(match).filter((part) => !isConstant(part))
  if (parts.length === 0) return false
  const isCall =
    parent?.kind() === 'arguments' && SQL_CALL.test(calleeOf(parent.parent() as SgNode))
  const literal = match.text().replace(/^[`'"]/, '')
  // In prose, "Select a file from …" is not a statement; in a query call, lower case is.
  if (!SQL.test(isCall ? literal.toUpperCase() : literal)) return false
  if (
    /^(?:console|log|logger|debug|this\.log(?:ger)?)\b|Error$/.test(
      parent?.kind() === 'arguments' ? calleeOf(parent.parent() as SgNode) : '',
    )
  ) {
    return false
  }
  if (parts.some((part) => isRequestInput(part, match))) {
    return {
      severity: 'critical',
      confidence: 0.95,
      detail:
        'A value from the request becomes part of the statement, so its sender can change what the database runs.',
    }
  }
  const values = parts.filter(
    (part) => !isNamePlace(match, part) && !HARMLESS_PART.test(part.text()),
  )
  if (values.length === 0) return false
  return isCall ? true : { confidence: 0.6 }
}

/** The whole `+` chain that a string is part of, or the string itself. */
function sumAround(text: SgNode): SgNode {
  let sum = text
  for (const ancestor of text.ancestors()) {
    if (ancestor.kind() !== 'binary_expression') break
    sum = ancestor
  }
  return sum
}

/** Whether part of a statement is in the place of a table or column rather than a value. */
function isNamePlace(statement: SgNode, part: SgNode): boolean {
  const before = statement
    .text()
    .slice(0, part.range().start.index - statement.range().start.index)
    .replace(/\$\{$/, '')
    .replace(/['"`]?\s{0,100}\+\s{0,100}$/, '')
  return (
    NAME_PLACE.test(before) &&
    !/(?:=|LIKE|IN\s{0,100}\(|VALUES\s{0,100}\([^)]{0,1000})\s{0,100}['"]?$/i.test(before)
  )
}

const CHILD_PROCESS = /child_process/

function judgeCommand(call: SgNode): Verdict {
  const callee = calleeOf(call)
  const name = calleeName(call)
  const given = argumentsOf(call)
  const command = given[0]
  if (!command) return false
  // `exec` is also a method of regular expressions and databases.
  if (callee.includes('.') && !/^(?:cp|child_?process|child|childProcess)\./i.test(callee))
    return false
  const usesShell = /^exec(?:Sync|Async|Promise|P)?$/.test(name)
  if (!usesShell) {
    const shell = propertyOf(
      given.find((argument) => argument.kind() === 'object'),
      'shell',
    )
    if (!shell || shell.text() === 'false') return false
    const parts = given.filter((argument) => argument.kind() !== 'object')
    if (parts.every(isConstantList)) return false
    const fromRequest = parts.some(
      (part) => isRequestInput(part) || part.namedChildren().some((given) => isRequestInput(given)),
    )
    return fromRequest
      ? { severity: 'critical', confidence: 0.95 }
      : {
          severity: 'medium',
          confidence: 0.6,
          detail: 'With `shell: true` a shell reads the whole command line, arguments included.',
        }
  }
  if (isRequestInput(command)) return { severity: 'critical', confidence: 0.95 }
  return isBuiltText(command)
}

function isConstantList(node: SgNode): boolean {
  const list = unwrap(node)
  return list.kind() === 'array' ? list.namedChildren().every(isConstant) : isConstant(list)
}

function judgeEvaluation(match: SgNode, file: ParsedFile): Verdict {
  const given = argumentsOf(match)
  const code =
    /^new\b|^Function\b/.test(match.text()) && !match.text().startsWith('new vm')
      ? given.at(-1)
      : given[0]
  if (!code || isConstant(code)) return false
  if (isRequestInput(code)) return { severity: 'critical', confidence: 0.95 }
  // A linter warned the author before, who decided that the code is trusted.
  const { start, end } = match.range()
  const lines = file.text.split('\n').slice(Math.max(0, start.line - 1), end.line + 1)
  const isKnown = lines.some((line) => /(?:eslint|oxlint)-disable|biome-ignore/.test(line))
  return isKnown ? { severity: 'medium', confidence: 0.6 } : true
}

function judgeNosql(match: SgNode): Verdict {
  if (match.kind() === 'pair') {
    const code = match.field('value')
    if (!code || !isBuiltText(code)) return false
    return {
      severity: isRequestInput(code) ? 'critical' : 'high',
      title: 'Query code built from values',
      detail: WHERE_DETAIL,
    }
  }
  const filter = argumentsOf(match)[0]
  // A whole object from the request may contain operators such as `$ne`; a single string may not.
  return (
    filter !== undefined &&
    /^(?:req|request|ctx\.request)\.(?:body|query)$/.test(unwrap(filter).text())
  )
}

const WHERE_DETAIL =
  'MongoDB runs the text of `$where` as JavaScript, and values become part of that text.'

function judgeRegex(match: SgNode): Verdict {
  const pattern = argumentsOf(match)[0]
  return pattern !== undefined && stringValue(pattern) === undefined && isRequestInput(pattern)
}

export const INJECTION_RULES: SyntaxRule[] = [
  {
    ...SECURITY,
    id: 'sql-injection',
    severity: 'high',
    confidence: 0.8,
    title: 'SQL statement built from values',
    detail:
      'Values become part of the text of the statement, so a value with a quote in it changes what the database runs.',
    recommendation:
      'Pass values as parameters of the statement (`?`, `$1`) or use the query builder; take table and column names from a fixed list.',
    hints: [/['"`]\s*(?:select|insert|update|delete|replace|drop|alter|truncate|create|with)\s/i],
    // The beginning of a statement; the rest of a sum is found from there.
    find: {
      any: [{ kind: 'template_string' }, { kind: 'string' }],
      regex:
        '(?i)^[\'"`]\\s*(?:select|insert|update|delete|replace|drop|alter|truncate|create|with)\\s',
    },
    judge: judgeSql,
  },
  {
    ...SECURITY,
    id: 'nosql-injection',
    severity: 'high',
    confidence: 0.7,
    title: 'Database filter taken directly from the request',
    detail:
      'The sender can put operators such as `$ne` or `$where` into the filter and match what they should not.',
    recommendation: 'Build the filter from single fields whose type was checked.',
    hints: [
      /\.(?:find|findOne|findOneAndUpdate|updateOne|updateMany|deleteOne|deleteMany|count|countDocuments)\(|\$where/,
    ],
    find: {
      any: [
        callTo(
          '\\.(?:find|findOne|findOneAndUpdate|findOneAndDelete|updateOne|updateMany|deleteOne|deleteMany|count|countDocuments)$',
        ),
        { kind: 'pair', has: { field: 'key', regex: '^[\'"]?\\$where[\'"]?$' } },
      ],
    },
    judge: judgeNosql,
  },
  {
    ...SECURITY,
    id: 'command-injection',
    severity: 'high',
    confidence: 0.8,
    title: 'Shell command built from values',
    detail:
      'A shell reads the command line, so a value with `;`, `$()` or a quote in it runs other commands.',
    recommendation: 'Use `execFile` or `spawn` with the arguments as a list and without a shell.',
    hints: [CHILD_PROCESS],
    find: callTo('^(?:\\w+\\.)?(?:exec(?:Sync|Async|Promise|P|File|FileSync)?|spawn(?:Sync)?)$'),
    judge: judgeCommand,
  },
  {
    ...SECURITY,
    id: 'code-evaluation',
    severity: 'high',
    confidence: 0.8,
    title: 'Text is run as code',
    detail:
      'Whoever can influence the text runs code with all the rights of this process. `vm` is not a sandbox either.',
    recommendation:
      'Parse what is needed as data (JSON, an expression parser), or choose from functions by name.',
    hints: [/\beval\s*\(|\bFunction\s*\(|\bvm\b/],
    find: {
      any: [
        callTo(
          '^(?:(?:window|globalThis|global)\\.)?(?:eval|Function)$|^math(?:js)?\\.(?:eval|evaluate)$|^vm\\.(?:runIn\\w+Context|compileFunction)$',
        ),
        {
          kind: 'new_expression',
          has: { field: 'constructor', regex: '^(?:Function|vm\\.Script)$' },
        },
      ],
    },
    judge: judgeEvaluation,
  },
  {
    ...SECURITY,
    id: 'unsafe-deserialization',
    severity: 'high',
    confidence: 0.8,
    title: 'Text is turned into objects with code in them',
    detail:
      'Formats that carry functions or external entities let the author of the text run code or read files.',
    recommendation:
      'Use JSON and check it against a schema; parse XML without `noent` and without loading DTDs.',
    hints: [/unserialize|noent|deserialize/],
    find: {
      any: [
        callTo('^(?:\\w*[sS]erializ\\w*|nodeSerialize)\\.unserialize$|^unserialize$'),
        {
          kind: 'pair',
          all: [
            { has: { field: 'key', regex: '^noent$' } },
            { has: { field: 'value', regex: '^true$' } },
          ],
        },
      ],
    },
  },
  {
    ...SECURITY,
    id: 'regex-from-request',
    severity: 'medium',
    confidence: 0.7,
    title: 'Regular expression built from a request',
    detail:
      'The sender chooses the expression, and one that backtracks without end stops the process for everybody.',
    recommendation:
      'Compare with `includes` or `startsWith`, or escape the text (`RegExp.escape`) and limit its length.',
    hints: [REQUEST_HINT, /\bRegExp\s*\(/],
    find: {
      any: [
        { kind: 'new_expression', has: { field: 'constructor', regex: '^RegExp$' } },
        callTo('^RegExp$'),
      ],
    },
    judge: judgeRegex,
  },
]
