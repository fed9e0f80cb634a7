import { z } from 'zod'
import { closestName } from './closest-name.ts'
import { type FieldError, ServiceError } from './errors.ts'

/** An error in one field. `path` is relative to the value that was checked. */
export interface FieldProblem {
  path: (string | number)[]
  message: string
}

/** How many errors an answer lists; the rest are only counted. */
const MOST_ERRORS = 100

/**
 * Checks a value, and says for each wrong field what it must be. Messages continue a sentence that
 * starts with the field's name: "must be a whole number, not a string".
 */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
):
  | { data: z.output<Schema>; problems?: undefined }
  | { data?: undefined; problems: FieldProblem[] } {
  const parsed = schema.safeParse(value, { error: inWords })
  return parsed.success
    ? { data: parsed.data }
    : { problems: parsed.error.issues.flatMap((issue) => problemsOf(issue)) }
}

/** Checks the options of a task. */
export function checkOptions(schema: z.ZodType, options: unknown): FieldProblem[] {
  const { problems = [] } = check(schema, options ?? {})
  return problems.map(({ path, message }) => ({ path: ['options', ...path], message }))
}

/** The error for a request with wrong fields. */
export function invalid(all: FieldError[]): ServiceError {
  const errors = all.slice(0, MOST_ERRORS)
  const [first] = errors
  const more = all.length > 1 ? ` (and ${all.length - 1} more)` : ''
  const text = first === undefined ? '' : `: ${first.pointer || 'the body'} ${first.detail}${more}`
  return new ServiceError('invalid-request', `The request is not valid${text}.`, { errors })
}

/** Removes duplicates: a pattern's template gives the same error for every task made from it. */
export function distinct(errors: readonly FieldError[]): FieldError[] {
  return [...new Map(errors.map((error) => [`${error.pointer} ${error.detail}`, error])).values()]
}

/** RFC 6901. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function problemsOf(issue: z.core.$ZodIssue, base: PropertyKey[] = []): FieldProblem[] {
  const path = [...base, ...issue.path]
  if (issue.code === 'invalid_union') {
    const meant = memberMeant(issue.errors)
    if (meant !== undefined) return meant.flatMap((inner) => problemsOf(inner, path))
  }
  // Reports the keys, where Zod reports the object that contains them.
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n')
    return issue.keys.map((key, index) => ({
      path: toKeys([...path, key]),
      message: messages[index] ?? UNKNOWN,
    }))
  }
  if (issue.code === 'invalid_key') {
    const [reason] = issue.issues
    return [{ path: toKeys(path), message: `has a name that ${reason?.message ?? 'is wrong'}` }]
  }
  return [{ path: toKeys(path), message: issue.message }]
}

/**
 * The errors for the union member that a value was probably meant to be: the right type, with fewer
 * missing or unknown fields than any other. Undefined if several are equally likely.
 */
function memberMeant(members: z.core.$ZodIssue[][]): z.core.$ZodIssue[] | undefined {
  const likely = members
    .filter((issues) => !issues.some(isOfAnotherType))
    .map((issues) => ({ issues, distance: distanceOf(issues) }))
    .sort((a, b) => a.distance - b.distance)
  const [first, second] = likely
  return first?.distance === second?.distance ? undefined : first?.issues
}

function isOfAnotherType(issue: z.core.$ZodIssue): boolean {
  return (
    issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value')
  )
}

function distanceOf(issues: z.core.$ZodIssue[]): number {
  return issues.reduce((sum, issue) => {
    if (issue.code === 'unrecognized_keys') return sum + issue.keys.length
    return sum + (issue.path.length === 1 && issue.message === REQUIRED ? 1 : 0)
  }, 0)
}

function toKeys(path: readonly PropertyKey[]): (string | number)[] {
  return path.map((part) => (typeof part === 'number' ? part : String(part)))
}

const REQUIRED = 'is required'
const UNKNOWN = 'is not a known field'

/** Our wording for Zod's errors, unless the schema has its own. */
function inWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? REQUIRED
        : `must be ${TYPES[issue.expected] ?? issue.expected}, not ${typeOf(issue.input)}`
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.join(', ')}`
    case 'too_small':
      return tooSmall(issue)
    case 'too_big':
      return tooBig(issue)
    case 'invalid_format':
      return issue.format === 'url' ? 'must be an http or https URL' : undefined
    case 'invalid_union':
      return unionInWords(issue)
    case 'unrecognized_keys':
      return unknownInWords(issue)
    default:
      return undefined
  }
}

/** A line for each key, in their order: an issue has one message, and its keys may mean different things. */
function unknownInWords({
  keys,
  inst,
}: z.core.$ZodRawIssue<z.core.$ZodIssueUnrecognizedKeys>): string {
  const known = inst instanceof z.ZodObject ? Object.keys(inst.shape) : []
  return keys
    .map((key) => {
      const meant = closestName(key, known)
      return meant === undefined ? UNKNOWN : `${UNKNOWN}; did you mean \`${meant}\`?`
    })
    .join('\n')
}

function unionInWords(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>): string {
  if (issue.input === undefined) return REQUIRED
  const { options } = issue as { options?: unknown }
  return Array.isArray(options)
    ? `must be one of ${options.join(', ')}`
    : 'matches none of the allowed forms'
}

function tooSmall(issue: z.core.$ZodRawIssue<z.core.$ZodIssueTooSmall>): string {
  const least = Number(issue.minimum)
  const unit = UNITS[issue.origin]
  if (unit === undefined) return `must be ${issue.inclusive ? 'at least' : 'more than'} ${least}`
  return least === 1 ? 'must not be empty' : `must have at least ${least} ${unit}`
}

function tooBig(issue: z.core.$ZodRawIssue<z.core.$ZodIssueTooBig>): string {
  const unit = UNITS[issue.origin]
  return unit === undefined
    ? `must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`
    : `must have at most ${issue.maximum} ${unit}`
}

const UNITS: Partial<Record<string, string>> = { string: 'characters', array: 'entries' }

const TYPES: Partial<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'an array',
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : String(value)
  return TYPES[typeof value] ?? typeof value
}
