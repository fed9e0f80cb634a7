import type { ErrorCode } from '../../core/contract/errors.ts'

/** The service's own codes, and those that only occur over HTTP. */
export type ProblemCode =
  | ErrorCode
  | 'route-not-found'
  | 'method-not-allowed'
  | 'unsupported-media-type'
  | 'bad-http'
  | 'internal-error'

export interface ProblemMeaning {
  status: number
  title: string
  /** What happened, for readers of the problem's page. */
  meaning: string
  /** What the caller can do about it. */
  remedy: string
}

/** A `Record` over the union: a code without a status does not compile. */
export const PROBLEMS: Record<ProblemCode, ProblemMeaning> = {
  'invalid-request': {
    status: 400,
    title: 'Invalid request',
    meaning: 'Something in the request is missing, malformed or out of bounds. Nothing was stored.',
    remedy:
      'Each entry of `errors` names a place: a JSON Pointer into the body, `?name` for a query parameter, `header:name` for a header. Correct those and send the request again.',
  },
  unauthorized: {
    status: 401,
    title: 'Not authenticated',
    meaning: 'The request carries no API key, or one that the service does not know.',
    remedy: 'Send `Authorization: Bearer <key>` or `X-Api-Key: <key>`.',
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    meaning:
      'The API key lacks the scope that this call needs, or a web page of another site made the request.',
    remedy: 'Use a key with the scope named in `detail`, or ask the operator for one.',
  },
  'plan-not-found': {
    status: 404,
    title: 'Plan not found',
    meaning: 'There is no such plan: the id is wrong, the plan was deleted, or it has expired.',
    remedy: 'Check the id. `GET /v1/plans` lists the existing plans.',
  },
  'task-not-found': {
    status: 404,
    title: 'Task not found',
    meaning: 'The plan has no task with this id.',
    remedy: '`GET /v1/plans/{planId}/tasks` lists the tasks of the plan.',
  },
  'step-not-found': {
    status: 404,
    title: 'Step not found',
    meaning: 'The task has no step with this number, or it is no longer kept.',
    remedy: '`GET /v1/plans/{planId}/tasks/{taskId}/steps` lists the steps of the task.',
  },
  'synthesis-not-found': {
    status: 404,
    title: 'Synthesis not found',
    meaning: 'The plan has no synthesis with this version.',
    remedy: '`GET /v1/plans/{planId}/syntheses` lists the existing versions.',
  },
  'synthesis-disabled': {
    status: 409,
    title: 'Synthesis disabled',
    meaning: 'The plan was submitted with `"synthesis": false`, so it never gets one.',
    remedy:
      'Read the outputs of the tasks, or ask for a synthesis with `POST /v1/plans/{planId}/syntheses`.',
  },
  'synthesis-not-ready': {
    status: 409,
    title: 'Synthesis not ready',
    meaning: 'There is no version of the synthesis yet: tasks still run, or it is being written.',
    remedy: 'Ask again with `?wait=30`, or follow `GET /v1/plans/{planId}/events`.',
  },
  'payload-too-large': {
    status: 413,
    title: 'Payload too large',
    meaning: 'The body, or something in it, is larger than the service accepts.',
    remedy: 'Split the plan, shorten its context, or ask the operator to raise the limit.',
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'Idempotency key reused',
    meaning: 'The same `Idempotency-Key` was already used with another body.',
    remedy: 'Use a new key for a new request, and the same key only to repeat the same one.',
  },
  'overlapping-tasks': {
    status: 422,
    title: 'Overlapping tasks',
    meaning:
      'Tasks of the plan would write files that others read or write; `overlaps` names the files.',
    remedy:
      'Make the tasks independent, or set `policy.onOverlap` to `serialize` (one after the other) or `isolate` (each in its own copy).',
  },
  'budget-exceeded': {
    status: 409,
    title: 'Budget exceeded',
    meaning: 'The plan has reached its budget, so nothing more of it is started.',
    remedy: 'Raise the budget with `POST /v1/plans/{planId}/resume`.',
  },
  'plan-not-finished': {
    status: 409,
    title: 'Plan not finished',
    meaning: 'The call needs a plan that has finished; this one is still running.',
    remedy: 'Wait with `GET /v1/plans/{planId}?wait=30`, or cancel the plan first.',
  },
  'plan-finished': {
    status: 409,
    title: 'Plan finished',
    meaning: 'The plan has already finished, so the call has nothing to act on.',
    remedy: 'Retry single tasks, or submit a new plan.',
  },
  'plan-stopped': {
    status: 409,
    title: 'Plan stopped',
    meaning:
      'The plan was cancelled, ran out of time, or stopped at a failed task. It takes no more tasks, so that nothing runs on by itself.',
    remedy: 'Run what was stopped again with `retry`, then add the tasks; or submit a new plan.',
  },
  'task-not-finished': {
    status: 409,
    title: 'Task not finished',
    meaning:
      'The call needs a task that has ended, but this one is queued or running, one of its dependencies has not succeeded, or a running task uses its output.',
    remedy:
      'Wait with `GET …/tasks/{taskId}/output?block=true`, or cancel the task first; retry its dependencies.',
  },
  'task-finished': {
    status: 409,
    title: 'Task finished',
    meaning:
      'The task has already ended, so there is nothing to cancel and no agent to read a message; its output is kept.',
    remedy: 'Read its output, or run it again with `POST …/tasks/{taskId}/retry`.',
  },
  'messages-not-read': {
    status: 409,
    title: 'Messages are not read',
    meaning: 'The executor of the task does not read messages, so nothing was sent.',
    remedy: '`GET /v1/executors` says which executors do (`readsMessages`).',
  },
  'too-many-messages': {
    status: 409,
    title: 'Too many messages',
    meaning: 'A hundred messages are waiting for the task, which has not read them yet.',
    remedy: 'Wait until it has read them; then they are among its steps.',
  },
  'rate-limited': {
    status: 429,
    title: 'Too many requests',
    meaning: 'More requests arrived than are allowed in this time.',
    remedy: 'Wait for the number of seconds in `Retry-After`.',
  },
  'quota-exceeded': {
    status: 429,
    title: 'Quota exceeded',
    meaning: 'The tenant has reached its quota, such as stored plans or running tasks.',
    remedy: 'Wait for plans to end, delete plans, or ask the operator for a larger quota.',
  },
  'goal-not-planned': {
    status: 422,
    title: 'Goal not planned',
    meaning: 'The planner did not turn the goal into tasks that pass the checks.',
    remedy: 'Describe the goal in more detail, or write the tasks yourself.',
  },
  unavailable: {
    status: 503,
    title: 'Temporarily unavailable',
    meaning:
      'The service cannot reach its store, or is shutting down. The request may have been carried out, unless `begun` is `false`.',
    remedy:
      'After the number of seconds in `Retry-After`, repeat a request that may be repeated: a GET, a DELETE, one with an `Idempotency-Key`, or any where `begun` is `false`. Otherwise first check what has been done.',
  },
  'route-not-found': {
    status: 404,
    title: 'No such route',
    meaning: 'Nothing is served under this path.',
    remedy: 'Check the path; `/docs` shows all of them.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    meaning: 'The path exists, but not for this method.',
    remedy: 'Use one of the methods in the `Allow` header.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'Unsupported media type',
    meaning: 'The body is not JSON, is not declared as such, or is compressed.',
    remedy: 'Send JSON with `Content-Type: application/json`, without a `Content-Encoding`.',
  },
  'bad-http': {
    status: 400,
    title: 'Malformed HTTP request',
    meaning: 'The request breaks the rules of HTTP, is too slow, or its headers are too large.',
    remedy: 'Check the client; `status` says which of these it is.',
  },
  'internal-error': {
    status: 500,
    title: 'Internal error',
    meaning: 'Something unexpected went wrong inside the service. It was logged with `instance`.',
    remedy: 'Try again; if it persists, give the operator the `instance` of the answer.',
  },
}

export function isProblemCode(text: string): text is ProblemCode {
  return Object.hasOwn(PROBLEMS, text)
}
