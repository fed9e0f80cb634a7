import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { type FieldError, ServiceError } from '../../core/contract/errors.ts'
import { PROBLEMS, type ProblemCode } from './problem-codes.ts'
import { STATUS_CODES } from './status-codes.ts'

export const PROBLEM_TYPE = 'application/problem+json'

/** RFC 9457, plus the code as a separate member and the wrong fields. */
export const Problem = z
  .looseObject({
    type: z.string().describe('`/problems/<code>`: where a page explains the code.'),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('Switch on this; codes are added, never renamed.'),
    detail: z.string().optional(),
    instance: z.string().optional().describe('The id of the request, as in `X-Request-Id`.'),
    errors: z
      .array(
        z.object({
          pointer: z.string().describe('A JSON Pointer into the body, `?name` or `header:name`.'),
          detail: z.string(),
        }),
      )
      .optional(),
    begun: z
      .literal(false)
      .optional()
      .describe(
        '`false` with a 503: nothing of the request was started, so it may be repeated. If absent, the request may have been carried out.',
      ),
  })
  .meta({ id: 'Problem' })
export type Problem = z.output<typeof Problem>

/** An error answer: the document and its headers. */
interface Refusal {
  problem: Problem
  headers: Record<string, string | string[]>
}

/** When a caller may try again while the store is down, in seconds. */
const UNAVAILABLE_RETRY_SECONDS = 1

/** An error that only occurs over HTTP. Callers see its message. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem'
  readonly code: ProblemCode
  readonly status: number
  readonly headers: Record<string, string | string[]>

  constructor(
    code: ProblemCode,
    message: string,
    options: { status?: number; headers?: Record<string, string | string[]> } = {},
  ) {
    super(message)
    this.code = code
    this.status = options.status ?? PROBLEMS[code].status
    this.headers = options.headers ?? {}
  }
}

/** The only place that turns an error into an answer. */
export function refusalOf(error: unknown, bodyLimit: number): Refusal {
  if (error instanceof ServiceError) return serviceRefusal(error)
  if (error instanceof HttpProblem) {
    return { problem: document(error.code, error.message, error.status), headers: error.headers }
  }
  return frameworkRefusal(error, bodyLimit)
}

function serviceRefusal(error: ServiceError): Refusal {
  const problem = {
    // Before the members of RFC 9457, so that an extension never replaces one.
    ...error.extensions,
    ...document(error.code, error.message),
    ...(error.errors.length > 0 ? { errors: error.errors } : {}),
  }
  const retryAfter =
    error.retryAfterSeconds ??
    (error.code === 'unavailable' ? UNAVAILABLE_RETRY_SECONDS : undefined)
  return { problem, headers: retryAfter === undefined ? {} : { 'retry-after': `${retryAfter}` } }
}

/** Fastify's own errors say what the caller did wrong; all others are ours and are not shown. */
function frameworkRefusal(error: unknown, bodyLimit: number): Refusal {
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const detail = `The body is larger than the limit of ${bodyLimit} bytes.`
    return { problem: { ...document('payload-too-large', detail), limit: bodyLimit }, headers: {} }
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const detail = 'The body must be JSON, sent with `Content-Type: application/json`.'
    return {
      problem: document('unsupported-media-type', detail),
      headers: { accept: 'application/json' },
    }
  }
  const status = typeof statusCode === 'number' ? statusCode : 500
  if (status < 400 || status >= 500) return { problem: document('internal-error'), headers: {} }
  const detail = error instanceof Error ? error.message : undefined
  if (status === 404) return { problem: document('route-not-found', detail), headers: {} }
  return {
    problem: document(status === 400 ? 'invalid-request' : 'bad-http', detail, status),
    headers: {},
  }
}

function document(code: ProblemCode, detail?: string, status = PROBLEMS[code].status): Problem {
  const title = status === PROBLEMS[code].status ? PROBLEMS[code].title : STATUS_CODES[status]
  return {
    type: `/problems/${code}`,
    title: title ?? PROBLEMS[code].title,
    status,
    code,
    ...(detail === undefined || detail === '' ? {} : { detail }),
  }
}

/** Sends an error's problem document, and logs it once if the caller is not to blame. */
export function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const { problem, headers } = refusalOf(error, request.routeOptions.bodyLimit)
  if (problem.code === 'internal-error') request.log.error({ err: error }, 'request failed')
  if (problem.code === 'unavailable') {
    request.log.warn({ err: error }, 'store unavailable')
    problem.detail = [problem.detail, whatWasDone(problem, request.method)].join(' ').trim()
  }
  return reply
    .code(problem.status)
    .headers(headers)
    .type(PROBLEM_TYPE)
    .serializer((document: unknown) => JSON.stringify(document))
    .send({ ...problem, instance: request.id })
}

/** If the store stops answering midway, it is unknown how far a request got. */
function whatWasDone({ begun }: Problem, method: string): string {
  if (method === 'GET' || method === 'HEAD') return ''
  return begun === false
    ? 'Nothing was done.'
    : 'The request may have been carried out nevertheless.'
}

export function invalidRequest(message: string, errors: FieldError[]): ServiceError {
  return new ServiceError('invalid-request', message, { errors })
}

/** Every API route may answer with these. */
const COMMON: ProblemCode[] = ['unauthorized', 'forbidden', 'rate-limited', 'internal-error']

/**
 * A route's problem answers, for the OpenAPI document. Typed as empty, because handlers throw these
 * instead of sending them.
 */
export function problemAnswers(...codes: ProblemCode[]): Record<never, never> {
  return problemAnswersOf([...codes, ...COMMON, 'unavailable'])
}

/** Like `problemAnswers`, for a route outside the API: only the given codes. */
export function problemAnswersOf(codes: ProblemCode[]): Record<never, never> {
  const answers: Record<number, object> = {}
  const byStatus = Map.groupBy(new Set(codes), (code) => PROBLEMS[code].status)
  for (const [status, group] of [...byStatus].toSorted(([a], [b]) => a - b)) {
    const examples = group.map((code): [string, object] => [
      code,
      { summary: PROBLEMS[code].title, value: { ...document(code, PROBLEMS[code].meaning) } },
    ])
    answers[status] = {
      description: group.map((code) => `\`${code}\`: ${PROBLEMS[code].meaning}`).join(' '),
      content: { [PROBLEM_TYPE]: { schema: Problem, examples: Object.fromEntries(examples) } },
      ...(status === 503 ? { headers: RETRY_AFTER } : {}),
      ...(status === 429 ? { headers: { ...RETRY_AFTER, ...RATE_LIMIT } } : {}),
    }
  }
  return answers
}

const RETRY_AFTER = {
  'Retry-After': { type: 'integer', description: 'Seconds after which to try again.' },
}

const RATE_LIMIT = {
  'RateLimit-Policy': {
    type: 'string',
    description:
      'If requests are limited: how many in how many seconds, as in `"requests";q=300;w=60`.',
  },
  RateLimit: {
    type: 'string',
    description:
      'How many are left, and the seconds until there are more, as in `"requests";r=12;t=31`.',
  },
}
