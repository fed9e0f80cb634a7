import { z } from 'zod'
import { Usage } from './usage.ts'

const BEGINNING =
  'In lists, the total number of characters if only the first 2,000 are included; `links.self` has them all.'

/** One answer of a model, with its tool calls and their results. */
export const Step = z
  .object({
    number: z.int().min(1).describe('In order, across all attempts at the task.'),
    attempt: z.int().min(1),
    kind: z
      .enum(['model', 'message'])
      .describe('An answer of a model, or what a person said to it before its next one.'),
    model: z.string().optional().describe('The `provider:model` that answered.'),
    text: z.string(),
    reasoning: z
      .string()
      .optional()
      .describe('The reasoning of the model, if its provider reports it.'),
    toolCalls: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        arguments: z.unknown(),
        argumentsCharacters: z.int().optional().describe(BEGINNING),
        /** `null` while the tool runs. */
        result: z.unknown(),
        resultCharacters: z
          .int()
          .optional()
          .describe(
            `${BEGINNING} A task keeps 8 MB; beyond that, its oldest results are permanently shortened and say so.`,
          ),
        isError: z.boolean(),
      }),
    ),
    usage: Usage,
    startedAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().nullable().describe('`null` while its tools run.'),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Step' })
export type Step = z.output<typeof Step>

/** A message from a person to a task. */
export const PostMessage = z
  .strictObject({
    text: z
      .string()
      .min(1, { error: 'must not be empty' })
      .max(32_000, { error: 'must have at most 32,000 characters' }),
  })
  .meta({ id: 'PostMessage' })

export const Message = z.object({ id: z.string(), text: z.string() }).meta({ id: 'Message' })
export type Message = z.output<typeof Message>

export const StepPage = z
  .object({ items: z.array(Step), nextCursor: z.string().nullable() })
  .meta({ id: 'StepPage' })
export type StepPage = z.output<typeof StepPage>
