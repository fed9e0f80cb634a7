import { noteServerDate } from '../live/server-clock.ts'
import { askForKey, authorization } from './session.ts'

export interface FieldError {
  /** A JSON Pointer into the body, as `#/tasks/0/task`, or `?name` for a query parameter. */
  pointer: string
  detail: string
}

/** RFC 9457, with the members that this API adds. */
export interface Problem {
  type: string
  title: string
  status: number
  detail?: string
  errors?: FieldError[]
  [member: string]: unknown
}

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

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'DELETE'
  query?: Record<string, string | number | boolean | undefined> | undefined
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
}

/** @throws {ApiError} on any answer that is not 2xx, and when there is no answer (status 0). */
export async function request(path: string, options: RequestOptions = {}): Promise<Response> {
  const response = await fetch(path + queryString(options.query), {
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
    throw new ApiError({ type: 'about:blank', title: 'The service does not answer', status: 0 })
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
  const untyped = {
    type: 'about:blank',
    title: response.statusText || `Status ${response.status}`,
    status: response.status,
  }
  if (!(response.headers.get('content-type') ?? '').includes('json')) return untyped
  const body: unknown = await response.json().catch(() => undefined)
  return typeof body === 'object' && body !== null ? { ...untyped, ...body } : untyped
}

function queryString(query: RequestOptions['query']): string {
  const entries = Object.entries(query ?? {}).filter(([, value]) => value !== undefined)
  if (entries.length === 0) return ''
  return `?${new URLSearchParams(entries.map(([name, value]) => [name, `${value}`]))}`
}
