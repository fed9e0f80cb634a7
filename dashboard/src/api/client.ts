import { watchedFetch } from './connection.ts'
import { noteServerDate } from './server-clock.ts'
import { askForKey, authorization } from './session.ts'
import type { Problem } from './types.ts'

export type FieldError = NonNullable<Problem['errors']>[number]

export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail ?? problem.title)
    this.problem = problem
  }
  get status(): number {
    return this.problem.status
  }
}

/** An error for which the service sent no problem document. */
export function pageError(status: number, title: string, detail?: string): ApiError {
  const problem = { type: 'about:blank', code: 'untyped', title, status }
  return new ApiError(detail === undefined ? problem : { ...problem, detail })
}

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'DELETE'
  query?: Record<string, string | number | boolean | undefined> | undefined
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
}

/** @throws {ApiError} on any answer that is not 2xx, and if there is no answer (status 0). */
export async function request(path: string, options: RequestOptions = {}): Promise<Response> {
  const response = await watchedFetch(path + queryString(options.query), {
    method: options.method ?? 'GET',
    headers: {
      ...authorization(),
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  }).catch((error: unknown) => {
    if (options.signal?.aborted) throw error
    throw pageError(0, 'The service is not responding')
  })
  noteServerDate(response.headers.get('date'))
  if (response.ok) return response
  if (response.status === 401) askForKey()
  throw new ApiError(await readProblem(response))
}

export async function requestJson<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await request(path, options)
  return (await response.json()) as T
}

async function readProblem(response: Response): Promise<Problem> {
  const untyped = pageError(response.status, response.statusText || `Status ${response.status}`)
  if (!(response.headers.get('content-type') ?? '').includes('json')) return untyped.problem
  const body: unknown = await response.json().catch(() => undefined)
  return typeof body === 'object' && body !== null
    ? { ...untyped.problem, ...body }
    : untyped.problem
}

function queryString(query: RequestOptions['query']): string {
  const entries = Object.entries(query ?? {}).filter(([, value]) => value !== undefined)
  if (entries.length === 0) return ''
  return `?${new URLSearchParams(entries.map(([name, value]) => [name, `${value}`]))}`
}
