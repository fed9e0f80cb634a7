import { z } from 'zod'
import { PLAN_STATUSES, TASK_STATUSES } from '../../core/contract/status.ts'

// Query parameters are text, strictly converted to numbers and booleans, so that `limit=1e3`,
// `limit=` and `block=1` are rejected by name instead of being misread. The OpenAPI document shows
// the target types.

// Defaults are inside `preprocess`, where the OpenAPI generator sees them.

function fromText<Schema extends z.ZodType>(convert: (text: string) => unknown, schema: Schema) {
  return z.preprocess((value) => (typeof value === 'string' ? convert(value) : value), schema)
}

function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`
  return z.int({ error }).min(min, { error }).max(max, { error })
}

const toNumber = (text: string) => (/^-?\d{1,15}$/.test(text) ? Number(text) : text)
const toBoolean = (text: string) => (text === 'true' ? true : text === 'false' ? false : text)
const trueOrFalse = z.boolean({ error: 'must be "true" or "false"' })

/** The longest wait in seconds, for `?wait=` and `Prefer: wait=`. */
export const MAX_WAIT_SECONDS = 600

export const waitQuery = fromText(toNumber, wholeNumber(0, MAX_WAIT_SECONDS).optional()).describe(
  'Seconds to wait for it. Answers as soon as it is there, or with the current state when the time is up.',
)

export const PageQuery = z.strictObject({
  limit: fromText(toNumber, wholeNumber(1, 200).default(50)).describe(
    'Maximum number of items per page.',
  ),
  cursor: z
    .string({ error: 'must be given once' })
    .min(1, { error: 'must not be empty' })
    .max(1_000, { error: 'is not a cursor of this service' })
    .optional()
    .describe('`nextCursor` of the previous page.'),
})

function statusQuery<const Status extends string>(statuses: readonly [Status, ...Status[]]) {
  return z
    .enum(statuses, { error: `must be one of ${statuses.join(', ')}` })
    .optional()
    .describe('Only those with this status.')
}

const toDollars = (text: string) => (/^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : text)
const dollars = fromText(
  toDollars,
  z.number({ error: 'must be a number of US dollars' }).min(0).optional(),
)

const instant = z.iso
  .datetime({ offset: true, error: 'must be a time, like 2026-01-31T08:00:00Z' })
  .optional()

export const PlanListQuery = PageQuery.extend({
  status: statusQuery(PLAN_STATUSES),
  search: z
    .string({ error: 'must be given once' })
    .min(1, { error: 'must not be empty' })
    .max(200, { error: 'must have at most 200 characters' })
    .optional()
    .describe('Words that the title, the id or the metadata holds, all of them, in any case.'),
  createdFrom: instant.describe('Only those submitted then or later.'),
  createdBefore: instant.describe('Only those submitted before.'),
  minCostUsd: dollars.describe('Only those that cost so much, or more.'),
  maxCostUsd: dollars.describe('Only those that cost so much, or less.'),
})
export const TaskListQuery = PageQuery.extend({ status: statusQuery(TASK_STATUSES) })

export const SubmitQuery = z.strictObject({
  dryRun: fromText(toBoolean, trueOrFalse.default(false)).describe(
    'Only checks the plan: answers 200 with tasks, waves, overlaps and an estimate.',
  ),
})

export const SubmissionQuery = z.strictObject({
  files: fromText(toBoolean, trueOrFalse.default(false)).describe(
    'Whether inline files include their contents, so that the answer can be submitted again.',
  ),
})

export const WaitQuery = z.strictObject({ wait: waitQuery })

export const OutputQuery = z.strictObject({
  block: fromText(toBoolean, trueOrFalse.default(true)).describe(
    'Whether to wait for the task to end.',
  ),
  timeout: fromText(toNumber, wholeNumber(0, 600_000).default(30_000)).describe(
    'Maximum wait, in milliseconds. Only with `block`.',
  ),
})

const EVENT_ID = /^[\x21-\x7e]{1,128}$/

export const EventsQuery = z.strictObject({
  tokens: fromText(toBoolean, trueOrFalse.default(false)).describe(
    'Also sends the text of running tasks, as `task.text`: what exists, then more as it is written. `offset` is the number of characters of the attempt before it.',
  ),
  taskId: z
    .string({ error: 'must be given once' })
    .min(1, { error: 'must not be empty' })
    .max(64, { error: 'is not an id of a task' })
    .optional()
    .describe('Only events of this task and of the plan as a whole.'),
  lastEventId: z
    .string({ error: 'must be given once' })
    .regex(EVENT_ID, { error: 'is not an id of an event' })
    .optional()
    .describe('The same as the header `Last-Event-ID`, which takes precedence.'),
})
