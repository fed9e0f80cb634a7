import { z } from 'zod'

export const DeliveryAttempt = z.object({
  at: z.iso.datetime(),
  /** What the receiver answered, where it answered. */
  statusCode: z.int().optional(),
  /** Why it counts as failed, where it does. */
  error: z.string().optional(),
})

/** One event and the state of its delivery to the plan's webhook. */
export const Delivery = z
  .object({
    id: z.string(),
    type: z.string(),
    status: z.enum(['pending', 'delivered', 'failed']),
    attempts: z.array(DeliveryAttempt),
    /** `null` when there will be no other attempt. */
    nextAttemptAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Delivery' })
export type Delivery = z.output<typeof Delivery>
