import type { FastifySchemaCompiler, FastifySerializerCompiler } from 'fastify'
import { z } from 'zod'
import { type ErrorCode, ServiceError } from '../../core/contract/errors.ts'
import { check, type FieldProblem, invalid, jsonPointer } from '../../core/contract/field-errors.ts'

/** A malformed id cannot exist, so it gets the same answer as a missing one. */
const MISSING: Record<string, ErrorCode> = {
  planId: 'plan-not-found',
  taskId: 'task-not-found',
  version: 'synthesis-not-found',
}

/**
 * Validates part of a request with its Zod schema; every error names its field. Fastify passes
 * `null` for a missing body.
 */
export const validatorCompiler: FastifySchemaCompiler<unknown> = ({ schema, httpPart }) => {
  if (!(schema instanceof z.ZodType)) throw new Error('routes are checked by Zod schemas only')
  return (value: unknown) => {
    const { data, problems } = check(schema, httpPart === 'body' ? (value ?? undefined) : value)
    return problems === undefined
      ? { value: data }
      : { error: errorOf(problems, httpPart ?? 'body') }
  }
}

/** Like `validatorCompiler`, for a route whose body is validated elsewhere. */
export const validatorOfAllButBody: FastifySchemaCompiler<unknown> = (route) =>
  route.httpPart === 'body'
    ? (value: unknown) => ({ value: value ?? undefined })
    : validatorCompiler(route)

/**
 * Serialises an answer without validating it: the same schema gives its type, and validating a page
 * of 200 tasks takes several times as long as serialising it.
 */
export const plainSerializer: FastifySerializerCompiler<unknown> = () => (value: unknown) =>
  JSON.stringify(value)

function errorOf(problems: readonly FieldProblem[], part: string): ServiceError {
  if (part === 'params') {
    const name = String(problems[0]?.path[0])
    return new ServiceError(
      MISSING[name] ?? 'plan-not-found',
      `There is nothing with this ${name}.`,
    )
  }
  return invalid(
    problems.map(({ path, message }) => ({ pointer: pointerTo(path, part), detail: message })),
  )
}

function pointerTo(path: readonly (string | number)[], part: string): string {
  if (part === 'querystring') return `?${String(path[0])}`
  if (part === 'headers') return `header:${String(path[0])}`
  return jsonPointer(path)
}
