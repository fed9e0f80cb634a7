import type { SgNode } from '@ast-grep/napi'
import { callTo, type ParsedFile, type SyntaxRule, type Verdict } from './rule.ts'
import {
  argumentsOf,
  calleeName,
  calleeOf,
  enclosingFunctions,
  isFunction,
  kindOf,
  stringValue,
} from './syntax.ts'

const TESTING = { perspectives: ['testing'], category: 'testing', appliesTo: ['test'] } as const

const TEST_CALL =
  /^(?:test|it|specify|fit|Deno\.test|t\.test)(?:\.(?:only|concurrent|sequential|serial|each\b.*|for\b.*|prop\b.*|fails|failing|extend))*(?:\(|$)/
const ASSERTS =
  /\b(?:expect\w*|assert\w*|should|ensure\w*|verify\w*|chai|sinon\.assert|fc\.(?:assert|check)|throws|rejects|toMatch\w*|cy|validate\w*|check\w*|must\w*)\b\s*[.(<]|\bt\.(?:is|not|deepEqual|equal|equals|same|ok|notOk|true|false|truthy|falsy|throws|throwsAsync|notThrows|pass|fail|match|like|snapshot|plan|type|rejects|resolves|strictSame|has|notSame|assert|error|ifError|end)\b|\.(?:expect|should)\s*[(.]|\b(?:getBy|findBy)\w+\(|\bdone\.fail|\b(?:lint|run)(?:Rule)?Tests?er?\b|\bexpectTypeOf|assertType|\.fail\(/

/** The function that a test runs. */
function bodyOf(call: SgNode): SgNode | undefined {
  return argumentsOf(call).findLast(isFunction)
}

function judgeAssertions(call: SgNode, file: ParsedFile): Verdict {
  if (!TEST_CALL.test(calleeOf(call))) return false
  const body = bodyOf(call)
  const block = body?.field('body')
  if (!body || !block) return false
  const text = block.text()
  // An empty body is a test still to be written; a test may contain further tests.
  if (/^\{\s*\}$/.test(text))
    return { title: 'Empty test', detail: 'It passes without doing anything.' }
  if (ASSERTS.test(text) || /\bawait\s+t\.test\(|\b(?:it|test)\(/.test(text)) return false
  if (
    argumentsOf(call).some((argument) =>
      /\b(?:todo|skip)\b/.test(argument.kind() === 'object' ? argument.text() : ''),
    )
  )
    return false
  // Rule testers and property libraries assert by themselves, and so may a function of the file.
  for (const name of calledNames(block)) {
    if (/^(?:property|prop|valid|invalid)/i.test(name)) return false
    if (asserts(name, file, 3)) return false
  }
  // Throwing is also a way to fail.
  return !/\bthrow\b/.test(text)
}

function calledNames(node: SgNode): Set<string> {
  return new Set(
    node
      .findAll({
        rule: { kind: 'call_expression', has: { field: 'function', kind: 'identifier' } },
      })
      .map(calleeOf),
  )
}

/**
 * Whether a function contains an assertion: one of this file, or an imported helper we cannot look
 * into.
 */
function asserts(name: string, file: ParsedFile, depth: number): boolean {
  const pattern = `^${name.replace(/\$/g, '\\$')}$`
  const declared = file.root.find({
    rule: {
      any: [
        { kind: 'function_declaration', has: { field: 'name', regex: pattern } },
        {
          kind: 'variable_declarator',
          all: [
            { has: { field: 'name', regex: pattern } },
            {
              has: {
                field: 'value',
                any: [{ kind: 'arrow_function' }, { kind: 'function_expression' }],
              },
            },
          ],
        },
      ],
    },
  })
  if (declared) {
    if (ASSERTS.test(declared.text()) || /\bthrow\b/.test(declared.text())) return true
    if (depth === 0) return false
    return [...calledNames(declared)].some(
      (inner) => inner !== name && asserts(inner, file, depth - 1),
    )
  }
  // Imported from a relative path: most likely a helper of these tests.
  const escaped = name.replace(/\$/g, '\\$')
  return new RegExp(`import\\s[^;'"]{0,500}\\b${escaped}\\b[^;'"]{0,500}from\\s*['"]\\.`).test(
    file.text,
  )
}

function judgeSkipped(call: SgNode): Verdict {
  const callee = calleeOf(call)
  const given = argumentsOf(call)
  if (/^(?:t|this|context|ctx)\.skip$/.test(callee)) {
    // Skipped conditionally, so it runs where it can.
    return !call
      .ancestors()
      .some((ancestor) =>
        /^(?:if_statement|ternary_expression|binary_expression)$/.test(kindOf(ancestor)),
      )
  }
  // `test.skip(condition, reason)` only skips if the condition holds.
  const title = given[0]
  if (
    !title ||
    (stringValue(title) === undefined &&
      title.kind() !== 'template_string' &&
      !title.text().endsWith('.name'))
  )
    return false
  return !call.ancestors().some((ancestor) => ancestor.kind() === 'ternary_expression')
}

function judgeSleep(match: SgNode): Verdict {
  const text = match.text()
  const duration = /,\s*([\d_]+)\s*\)/.exec(text)?.[1] ?? /\(\s*([\d_]+)\s*\)/.exec(text)?.[1]
  const durationMs = duration === undefined ? undefined : Number(duration.replaceAll('_', ''))
  // Yielding to the event loop is not a sleep.
  if (durationMs !== undefined && durationMs < 5) return false
  // A fake may be slow on purpose; what the test itself waits for counts.
  const scope = enclosingFunctions(match)[0]
  if (!scope || !isTestBody(scope)) return false
  // Polling with a condition ends as soon as it holds.
  if (
    match
      .ancestors()
      .some((ancestor) => /^(?:while_statement|do_statement)$/.test(kindOf(ancestor)))
  )
    return false
  return durationMs !== undefined || /setTimeout/.test(text)
}

function isTestBody(scope: SgNode): boolean {
  const call = scope.parent()?.parent()
  return (
    call?.kind() === 'call_expression' &&
    (TEST_CALL.test(calleeOf(call)) || /^(?:before|after)(?:Each|All)?$/.test(calleeOf(call)))
  )
}

const MUST_THROW =
  /\bexpect\.(?:assertions|hasAssertions|unreachable|fail)\b|\bt\.plan\b|\b(?:fail|unreachable)\(|\bthrow\b|\.fail\(/

function judgeSwallowed(match: SgNode): Verdict {
  const scopes = enclosingFunctions(match)
  if (!scopes.some(isTestBody)) return false
  // In a callback or function of the test, dropping the error may be intended.
  const own = scopes[0]
  if (!own || !isTestBody(own)) return false
  if (/^(?:before|after)/.test(calleeOf(own.parent()?.parent() as SgNode))) return false
  const body = match.field('body')?.text() ?? ''
  const handler = match.field('handler')
  const caught = handler?.field('body')?.text() ?? ''
  if (!handler || MUST_THROW.test(own.text())) return false
  const assertsInTry = /\b(?:expect|assert)\w*\s*[.(]/.test(body)
  const assertsInCatch = /\b(?:expect|assert)\w*\s*[.(]/.test(caught)
  if (assertsInTry && !assertsInCatch) {
    return {
      severity: 'high',
      confidence: 0.85,
      detail: 'An assertion that fails throws, and the `catch` drops it: the test cannot fail.',
    }
  }
  if (!assertsInCatch) return false
  // The error may be stored in `catch` and asserted again after it.
  const after = own.text().slice(own.text().indexOf(match.text()) + match.text().length)
  return !/\b(?:expect|assert)\w*\s*[.(]/.test(after)
}

function judgeTautology(call: SgNode): Verdict {
  const matcher = calleeName(call)
  const actual = call.field('function')?.field('object')
  if (actual?.kind() !== 'call_expression' || calleeOf(actual) !== 'expect') return false
  const value = argumentsOf(actual)[0]?.text()
  const expected = argumentsOf(call)[0]?.text()
  if (value === undefined) return false
  if (/^(?:toBe|toEqual|toStrictEqual)$/.test(matcher))
    return value === expected && /^(?:true|false|null|undefined|[\d.]+|(['"]).*\1)$/.test(value)
  return (
    (matcher === 'toBeTruthy' && value === 'true') || (matcher === 'toBeFalsy' && value === 'false')
  )
}

export const TESTING_RULES: SyntaxRule[] = [
  {
    ...TESTING,
    id: 'focused-test',
    severity: 'high',
    confidence: 0.95,
    title: 'Focused test',
    detail: 'With `.only` the other tests of the file do not run, and the suite still passes.',
    recommendation: 'Remove `.only`.',
    hints: [/\.only\b|\bfit\b|\bfdescribe\b/],
    find: callTo(
      '^(?:describe|it|test|suite|context|specify)(?:\\.\\w+)*\\.only(?:\\.\\w+)*$|^(?:fit|fdescribe)$',
    ),
  },
  {
    ...TESTING,
    id: 'skipped-test',
    severity: 'medium',
    confidence: 0.9,
    title: 'Skipped test',
    detail: 'What it checked is not checked any more.',
    recommendation: 'Repair it or delete it; if it cannot run everywhere, skip it conditionally.',
    hints: [/\.skip\b|\bx(?:it|test|describe)\b/],
    find: callTo(
      '^(?:describe|it|test|suite|context|specify)(?:\\.\\w+)*\\.skip(?:\\.\\w+)*$|^(?:xit|xtest|xdescribe)$|^(?:t|this|context|ctx)\\.skip$',
    ),
    judge: judgeSkipped,
  },
  {
    ...TESTING,
    id: 'no-assertion',
    severity: 'medium',
    confidence: 0.7,
    title: 'Test without an assertion',
    detail: 'It fails only when the code throws, whatever the result is.',
    recommendation: 'Assert on the result or on an effect that a user would see.',
    hints: [/\b(?:test|it|specify|fit)\b/],
    find: callTo('^(?:test|it|specify|fit|Deno\\.test|t\\.test)\\b'),
    judge: judgeAssertions,
  },
  {
    ...TESTING,
    id: 'sleep-in-test',
    severity: 'medium',
    confidence: 0.75,
    title: 'Test that waits for a fixed time',
    detail: 'It is slow on a fast machine and fails on a slow one.',
    recommendation: 'Wait for the event or poll for the state, or use fake timers.',
    hints: [/setTimeout|sleep|delay|waitForTimeout|cy\.wait|pause/],
    find: {
      any: [
        { kind: 'await_expression', regex: '^await\\s+new\\s+Promise[^;]{0,60}setTimeout\\(' },
        {
          kind: 'await_expression',
          regex:
            '^await\\s+(?:\\w+\\.)?(?:sleep|delay|setTimeout|wait|pause|waitForTimeout)\\(\\s*[\\d_]+\\s*(?:,[^)]*)?\\)$',
        },
        { kind: 'call_expression', regex: '^cy\\.wait\\(\\s*\\d+\\s*\\)$' },
      ],
    },
    judge: judgeSleep,
  },
  {
    ...TESTING,
    id: 'error-swallowed-in-test',
    severity: 'medium',
    confidence: 0.75,
    title: 'Test that passes when nothing is thrown',
    detail: 'It asserts only in `catch`: when the code stops throwing, no assertion runs.',
    recommendation: 'Use `await expect(…).rejects` or `expect(() => …).toThrow`.',
    hints: [/\bcatch\b/],
    find: { kind: 'try_statement' },
    judge: judgeSwallowed,
  },
  {
    ...TESTING,
    id: 'tautological-assertion',
    severity: 'medium',
    confidence: 0.9,
    title: 'Assertion that is always true',
    detail: 'It compares a literal with itself.',
    recommendation: 'Assert on what the code returned.',
    hints: [/expect\(\s*(?:true|false|null|undefined|[\d'"])/],
    find: callTo('^expect\\(.*\\.(?:toBe|toEqual|toStrictEqual|toBeTruthy|toBeFalsy)$'),
    judge: judgeTautology,
  },
]
