import { z } from 'zod'
import type { Tutti } from '../client/index.ts'
import { fitting, MOST_CHARS } from './excerpt.ts'

/** A tool's effect on the service, as in the protocol's annotations. */
type Effect = 'reads' | 'adds' | 'stops'

/** What tools call, and where people can look at it. */
export interface Service {
  tutti: Tutti
  /** Its address, without a trailing slash. */
  url: string
}

/** A tool as listed and called. */
export interface Tool {
  name: string
  title: string
  description: string
  effect: Effect
  /** A JSON Schema with an object at its root. */
  inputSchema: ObjectSchema
  /**
   * @returns What the assistant reads, as JSON; kept small, because the assistant pays for it.
   * @throws {TuttiError} The service refused.
   * @throws {z.ZodError} The arguments do not match the schema.
   */
  call(service: Service, args: unknown, signal: AbortSignal): Promise<Record<string, unknown>>
}

export interface ObjectSchema {
  type: 'object'
  properties: Record<string, object>
  required?: string[]
}

/** A tool whose arguments are both described and validated by a Zod schema. */
export function tool<Input extends z.ZodObject>(
  names: Pick<Tool, 'name' | 'title' | 'description' | 'effect'>,
  input: Input,
  call: (
    service: Service,
    args: z.output<Input>,
    signal: AbortSignal,
  ) => Promise<Record<string, unknown>>,
): Tool {
  const { type: _type, properties, required } = z.toJSONSchema(input, { io: 'input' })
  return {
    ...names,
    inputSchema: {
      type: 'object',
      properties: properties as Record<string, object>,
      ...(required === undefined ? {} : { required }),
    },
    call: (service, args, signal) => call(service, input.parse(args ?? {}), signal),
  }
}

export const planId = z.string().min(1).describe('The id of the plan, as returned by launch_plan.')
export const taskId = z.string().min(1).describe('The id of the task in its plan.')
export const limit = z
  .int()
  .min(1)
  .max(200)
  .optional()
  .describe('Number of items; by default as many as fit into a short answer.')
export const cursor = z.string().optional().describe('nextCursor of the previous answer.')
export const waitMs = z.int().min(0).max(600_000).describe('Maximum wait, in milliseconds.')
export const maxChars = z
  .int()
  .min(500)
  .max(100_000)
  .default(MOST_CHARS)
  .describe('Maximum length of the answer, in characters.')

/** The page of a plan, for the person the assistant works for. */
export function pageOf(url: string, id: string): string {
  return `${url}/dashboard/plans/${encodeURIComponent(id)}`
}

/**
 * A page of a list: `most` items, or as many as fit into a short answer. If not all fit, a smaller
 * page is requested instead of cutting, so that the cursor continues after the last item shown.
 */
export async function shortPage<Item>(
  page: (limit: number) => Promise<{ items: Item[]; nextCursor: string | null }>,
  view: (item: Item) => Record<string, unknown>,
  most: number | undefined,
): Promise<{ shown: Record<string, unknown>[]; nextCursor: string | null }> {
  const first = await page(most ?? MOST_AT_ONCE)
  const all = first.items.map(view)
  const fits = most === undefined ? fitting(all, MOST_CHARS).length : all.length
  if (fits === all.length) return { shown: all, nextCursor: first.nextCursor }
  const { items, nextCursor } = await page(fits)
  return { shown: items.map(view), nextCursor }
}

const MOST_AT_ONCE = 50
