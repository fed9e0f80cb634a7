import { z } from 'zod'
import { TaskStatus } from './status.ts'

/** Why a queued task is not running. */
export const WaitingFor = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('dependency').describe('Another task has to succeed first.'),
      taskId: z.string(),
      status: TaskStatus,
    }),
    z.object({
      kind: z
        .literal('limit')
        .describe('The plan already runs as many tasks as its policy allows.'),
      running: z.int(),
      maxConcurrency: z.int(),
    }),
    z.object({
      kind: z.literal('worker').describe('No live worker has the executor.'),
      executor: z.string(),
    }),
    z.object({
      kind: z.literal('provider').describe('The provider of the model asked all workers to wait.'),
      model: z.string(),
      until: z.iso.datetime(),
    }),
    z.object({
      kind: z.literal('slot').describe('Its turn on one of the workers that have the executor.'),
      workers: z.int(),
      notBefore: z.iso.datetime().optional().describe('When it is retried after a failed attempt.'),
    }),
  ])
  .meta({ id: 'WaitingFor' })
export type WaitingFor = z.output<typeof WaitingFor>
