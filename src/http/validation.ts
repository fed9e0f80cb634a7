import type { FastifySchemaCompiler, FastifySerializerCompiler } from 'fastify'
import { z } from 'zod'
import { type ErrorCode, type FieldError, ServiceError } from '../core/errors.ts'
import { invalidRequest } from './problem.ts'

/** A malformed id names nothing, so it is answered as one that does not exist. */
const MISSING: Record<string, ErrorCode> = {
  planId: 'plan-not-found',
  taskId: 'task-not-found',
  version: 'synthesis-not-found',
}

/**
 * Checks a part of a request with its Zod schema; every error names its field. Fastify passes
 * `null` for a body that is not there.
 */
export const validatorCompiler: FastifySchemaCompiler<unknown> = ({ schema, httpPart }) => {
  if (!(schema instanceof z.ZodType)) throw new Error('routes are checked by Zod schemas only')
  return (value: unknown) => {
    const result = schema.safeParse(httpPart === 'body' ? (value ?? undefined) : value)
    return result.success
      ? { value: result.data }
      : { error: errorOf(result.error.issues, httpPart ?? 'body') }
  }
}

/** As `validatorCompiler`, for a route whose body is checked by what it calls. */
export const validatorOfAllButBody: FastifySchemaCompiler<unknown> = (route) =>
  route.httpPart === 'body'
    ? (value: unknown) => ({ value: value ?? undefined })
    : validatorCompiler(route)

/**
 * Writes an answer without checking it again: it is typed by the same schema, and checking a page
 * of 200 tasks takes several times as long as writing it.
 */
export const plainSerializer: FastifySerializerCompiler<unknown> = () => (value: unknown) =>
  JSON.stringify(value)

function errorOf(issues: readonly z.core.$ZodIssue[], part: string): ServiceError {
  if (part === 'params') {
    const missing = MISSING[String(issues[0]?.path[0])] ?? 'plan-not-found'
    return new ServiceError(missing, `There is nothing with this ${String(issues[0]?.path[0])}.`)
  }
  const errors = issues.flatMap((issue) => fieldErrors(issue, part))
  return invalidRequest(`${errors[0]?.pointer || 'The body'}: ${errors[0]?.detail}.`, errors)
}

function fieldErrors(issue: z.core.$ZodIssue, part: string): FieldError[] {
  // Names the keys, where Zod names the object that they are in.
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: pointerTo([...issue.path, key], part),
      detail: 'is not known',
    }))
  }
  return [{ pointer: pointerTo(issue.path, part), detail: issue.message }]
}

function pointerTo(path: readonly PropertyKey[], part: string): string {
  if (part === 'querystring') return `?${String(path[0])}`
  if (part === 'headers') return `header:${String(path[0])}`
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
