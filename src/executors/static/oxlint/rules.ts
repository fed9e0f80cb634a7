import type { Severity } from '../../../core/contract/findings.ts'
import type { FileRole } from '../files/kinds.ts'
import type { RuleText } from '../findings.ts'
import type { Perspective } from '../options.ts'

/** An oxlint rule that we enable. Its wording comes from oxlint with each finding. */
export interface OxlintRule {
  /** As in a configuration: `no-dupe-keys`, `jest/valid-expect`. */
  name: string
  perspective: Perspective
  category: RuleText['category']
  severity: Severity
  confidence: number
  appliesTo: readonly FileRole[]
  options?: unknown
  /** Used if oxlint's message does not say why it matters or what to do. */
  detail: string
  recommendation: string
  /** oxlint's wording explains the rule rather than the finding, so ours is better. */
  ownWords?: boolean
}

type Shared = Omit<OxlintRule, 'name' | 'options'>

const group = (shared: Shared, names: string[], options?: Record<string, unknown>): OxlintRule[] =>
  names.map((name) => ({
    ...shared,
    name,
    ...(options?.[name] !== undefined && { options: options[name] }),
  }))

const WRONG: Shared = {
  perspective: 'architecture',
  category: 'correctness',
  severity: 'medium',
  confidence: 0.85,
  appliesTo: ['source'],
  detail: 'Code like this seldom does what its author meant.',
  recommendation: 'Write what it should do; the documentation of the rule shows examples.',
}
const STRUCTURE: Shared = {
  perspective: 'architecture',
  category: 'architecture',
  severity: 'low',
  confidence: 0.6,
  appliesTo: ['source'],
  detail: 'Every branch and level is a case to keep in mind and to test.',
  recommendation: 'Name the parts and move each into a function of its own.',
  ownWords: true,
}
const SLOW: Shared = {
  perspective: 'performance',
  category: 'performance',
  severity: 'low',
  confidence: 0.75,
  appliesTo: ['source'],
  detail: 'The work grows faster than the data, or is done again where once would do.',
  recommendation: 'Build the result in place, or keep what does not change.',
}
const UNSAFE: Shared = {
  perspective: 'security',
  category: 'security',
  severity: 'medium',
  confidence: 0.75,
  appliesTo: ['source'],
  detail: 'It gives text a way to be run as code.',
  recommendation: 'Use a function instead of text.',
}
const TESTS: Shared = {
  perspective: 'testing',
  category: 'testing',
  severity: 'medium',
  confidence: 0.8,
  appliesTo: ['test'],
  detail: 'The test does not check what it seems to.',
  recommendation: 'Complete the assertion, or remove what does not run.',
}

/**
 * Chosen one by one: rules about code that is wrong anywhere, and limits far beyond matters of
 * taste. Style is left to the project, and what our own rules do better is left to them.
 */
export const OXLINT_RULES: readonly OxlintRule[] = [
  ...group({ ...WRONG, severity: 'high', confidence: 0.9 }, [
    'constructor-super',
    'for-direction',
    'no-class-assign',
    'no-const-assign',
    'no-func-assign',
    'no-import-assign',
    'no-invalid-regexp',
    'no-new-native-nonconstructor',
    'no-obj-calls',
    'no-this-before-super',
    'oxc/bad-min-max-func',
    'oxc/const-comparisons',
    'use-isnan',
    'valid-typeof',
  ]),
  ...group(WRONG, [
    'no-async-promise-executor',
    'no-compare-neg-zero',
    'no-constant-binary-expression',
    'no-debugger',
    'no-dupe-class-members',
    'no-dupe-else-if',
    'no-dupe-keys',
    'no-duplicate-case',
    'no-empty-character-class',
    'no-ex-assign',
    'no-extend-native',
    'no-global-assign',
    'no-loss-of-precision',
    'no-self-assign',
    'no-self-compare',
    'no-setter-return',
    'no-sparse-arrays',
    'no-unsafe-finally',
    'no-unsafe-negation',
    'no-unsafe-optional-chaining',
    'no-useless-backreference',
    'oxc/bad-array-method-on-arguments',
    'oxc/bad-char-at-comparison',
    'oxc/bad-comparison-sequence',
    'oxc/bad-object-literal-comparison',
    'oxc/bad-replace-all-arg',
    'oxc/double-comparisons',
    'oxc/erasing-op',
    'oxc/misrefactored-assign-op',
    'oxc/missing-throw',
    'oxc/number-arg-out-of-range',
    'oxc/uninvoked-array-callback',
    'promise/no-new-statics',
    'react/jsx-key',
    'react/jsx-no-duplicate-props',
    'react/no-danger-with-children',
    'react/no-direct-mutation-state',
    'react/rules-of-hooks',
    'typescript/no-duplicate-enum-values',
    'typescript/no-misused-new',
    'typescript/no-non-null-asserted-optional-chain',
    'typescript/no-unsafe-declaration-merging',
    'unicorn/no-accessor-recursion',
    'unicorn/no-array-fill-with-reference-type',
    'unicorn/no-invalid-fetch-options',
    'unicorn/no-invalid-remove-event-listener',
  ]),
  ...group(
    { ...WRONG, severity: 'low', confidence: 0.7 },
    [
      'getter-return',
      'no-cond-assign',
      'no-constant-condition',
      'no-fallthrough',
      'no-empty',
      'no-throw-literal',
      'no-unreachable',
      'require-yield',
      'react/exhaustive-deps',
      'typescript/ban-ts-comment',
      'unicorn/no-await-in-promise-methods',
      'unicorn/no-single-promise-in-promise-methods',
      'unicorn/no-thenable',
    ],
    {
      'no-constant-condition': { checkLoops: false },
      'no-empty': { allowEmptyCatch: false },
      'typescript/ban-ts-comment': {
        'ts-expect-error': false,
        'ts-ignore': 'allow-with-description',
        'ts-nocheck': true,
      },
    },
  ),
  ...group(STRUCTURE, ['complexity', 'max-depth', 'max-nested-callbacks'], {
    complexity: { max: 30 },
    'max-depth': { max: 5 },
    'max-nested-callbacks': { max: 5 },
  }),
  ...group(
    {
      ...STRUCTURE,
      detail:
        'A caller has to know the place of each, and two of the same type are easily swapped.',
      recommendation: 'Pass an object with named fields.',
    },
    ['max-params'],
    { 'max-params': { max: 7 } },
  ),
  ...group({ ...SLOW, severity: 'medium', confidence: 0.85 }, ['oxc/no-accumulating-spread']),
  ...group(SLOW, ['unicorn/prefer-array-find', 'unicorn/prefer-array-some']),
  ...group(
    {
      ...SLOW,
      detail: 'Components below are rendered again although nothing that they show has changed.',
    },
    [
      'react/jsx-no-constructed-context-values',
      'react/no-object-type-as-default-prop',
      'react/no-unstable-nested-components',
    ],
    { 'react/no-unstable-nested-components': { allowAsProps: true } },
  ),
  ...group({ ...UNSAFE, severity: 'high', confidence: 0.85 }, ['no-implied-eval']),
  ...group(UNSAFE, ['no-script-url']),
  ...group({ ...UNSAFE, severity: 'low', confidence: 0.6 }, ['react/iframe-missing-sandbox']),
  ...group(
    TESTS,
    [
      'jest/valid-describe-callback',
      'jest/valid-expect',
      'jest/valid-expect-in-promise',
      'vitest/require-awaited-expect-poll',
    ],
    // vitest takes a message as the second argument.
    { 'jest/valid-expect': { maxArgs: 2 } },
  ),
  ...group({ ...TESTS, severity: 'low' }, [
    'jest/no-commented-out-tests',
    'jest/no-identical-title',
    'jest/no-interpolation-in-snapshots',
    'jest/no-mocks-import',
    'vitest/require-local-test-context-for-concurrent-snapshots',
  ]),
]

export function oxlintRulesFor(perspectives: readonly Perspective[]): OxlintRule[] {
  return OXLINT_RULES.filter((rule) => perspectives.includes(rule.perspective))
}

/** A configuration that enables only these rules. */
export function oxlintConfig(rules: readonly OxlintRule[]): Record<string, unknown> {
  const off = ['correctness', 'nursery', 'pedantic', 'perf', 'restriction', 'style', 'suspicious']
  return {
    plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'promise', 'react', 'jest', 'vitest'],
    categories: Object.fromEntries(off.map((category) => [category, 'off'])),
    env: { builtin: true, es2026: true, node: true, browser: true },
    rules: Object.fromEntries(
      rules.map(({ name, options }) => [
        name,
        options === undefined ? 'error' : ['error', options],
      ]),
    ),
  }
}
