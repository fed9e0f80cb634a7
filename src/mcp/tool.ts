import { z } from 'zod'
import type { Tutti } from '../client/index.ts'

/** What a tool does to the service, as the protocol's annotations say it. */
type Effect = 'reads' | 'adds' | 'stops'

/** A tool as it is listed and called. */
export interface Tool {
  name: string
  title: string
  description: string
  effect: Effect
  /** A JSON Schema, an object at its root. */
  inputSchema: ObjectSchema
  /**
   * @returns What the assistant reads, as JSON; small, because it is paid for.
   * @throws {TuttiError} The service said no.
   * @throws {z.ZodError} The arguments are not what the schema asks for.
   */
  call(tutti: Tutti, args: unknown, signal: AbortSignal): Promise<Record<string, unknown>>
}

export interface ObjectSchema {
  type: 'object'
  properties: Record<string, object>
  required?: string[]
}

/** A tool whose arguments a Zod schema both describes and checks. */
export function tool<Input extends z.ZodObject>(
  names: Pick<Tool, 'name' | 'title' | 'description' | 'effect'>,
  input: Input,
  call: (
    tutti: Tutti,
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
    call: (tutti, args, signal) => call(tutti, input.parse(args ?? {}), signal),
  }
}

export const planId = z.string().min(1).describe('The id of the plan, as launch_plan answered it.')
export const taskId = z.string().min(1).describe('The id of the task in its plan.')
export const limit = z.int().min(1).max(200).default(50).describe('Most items to return.')
export const cursor = z.string().optional().describe('nextCursor of the answer before.')
export const waitSeconds = z
  .int()
  .min(0)
  .max(600)
  .describe('How many seconds to wait for it, at most.')
