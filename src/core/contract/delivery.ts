import { z } from 'zod'

export const DeliveryAttempt = z.object({
  at: z.iso.datetime(),
  /** The receiver's status, if it answered. */
  statusCode: z.int().optional(),
  /** Why the attempt counts as failed, if it does. */
  error: z.string().optional(),
})

/** One event and the state of its delivery to the plan's webhook. */
export const Delivery = z
  .object({
    id: z.string(),
    type: z.string(),
    status: z.enum(['pending', 'delivered', 'failed']),
    attempts: z.array(DeliveryAttempt),
    /** `null` if there will be no further attempt. */
    nextAttemptAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Delivery' })
export type Delivery = z.output<typeof Delivery>
