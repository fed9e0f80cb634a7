import type { Delivery } from '../contract/delivery.ts'
import type { PlanStore } from '../ports/plan-store.ts'

/** An event on its way to a plan's webhook. */
export interface OutgoingEvent {
  planId: string
  /** Of the event in the plan's log; with the plan's id it names the delivery. */
  eventId: string
  type: string
  taskId?: string
  version?: number
  /** Milliseconds since 1970. */
  at: number
}

/**
 * Pauses between attempts, in milliseconds, after those that Standard Webhooks recommends: seven more
 * attempts within a day.
 */
export const DELIVERY_PAUSES_MS = [
  5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 25_200_000, 32_400_000,
]

export interface DeliveryStore {
  /** Events that are to be enqueued, oldest first; they stay until they are `taken`. */
  outbox(count: number): Promise<{ shard: number; events: OutgoingEvent[] }[]>
  /** These are in the queue now. Several processes may say so of the same ones. */
  taken(shard: number, events: readonly OutgoingEvent[]): Promise<void>
  /**
   * A new delivery does not replace one that was attempted already.
   *
   * @returns False where the plan is gone: then nothing is kept.
   */
  save(planId: string, delivery: Delivery): Promise<boolean>
  get(planId: string, deliveryId: string): Promise<Delivery | undefined>
  all(planId: string): Promise<Delivery[]>
}

/** What of a plan is still to be delivered goes with the plan. */
export type ForgetDeliveries = (planId: string, deliveryIds: readonly string[]) => Promise<void>

/** Moves what happened into the queue of deliveries; what a process that dies leaves stays for another. */
export async function dispatch(deps: {
  deliveries: DeliveryStore
  enqueue: (shard: number, events: readonly OutgoingEvent[]) => Promise<void>
}): Promise<void> {
  for (const { shard, events } of await deps.deliveries.outbox(DISPATCHED_AT_ONCE)) {
    const kept: OutgoingEvent[] = []
    for (const event of events) {
      const isKept = await deps.deliveries.save(event.planId, {
        id: deliveryId(event),
        type: event.type,
        status: 'pending',
        attempts: [],
        nextAttemptAt: new Date(event.at).toISOString(),
      })
      if (isKept) kept.push(event)
    }
    if (kept.length > 0) await deps.enqueue(shard, kept)
    await deps.deliveries.taken(shard, events)
  }
}

const DISPATCHED_AT_ONCE = 200

/** How a receiver answered. Never throws: what went wrong is the answer. */
export type Post = (
  url: string,
  delivery: {
    id: string
    body: string
    at: Date
    /** W3C trace context that the receiver is told. */
    traceparent?: string | undefined
  },
) => Promise<{ statusCode?: number; error?: string }>

export interface DeliverDeps {
  plans: Pick<PlanStore, 'get'>
  deliveries: DeliveryStore
  post: Post
  now: () => Date
}

/**
 * Makes one attempt at one delivery. The body names what happened and to what; the receiver reads the
 * rest from the API, so that nothing it was not shown before lies in its logs.
 *
 * @returns how long until the next attempt, or undefined when there is none.
 */
export async function deliver(
  deps: DeliverDeps,
  event: OutgoingEvent,
): Promise<{ retryInMs: number | undefined }> {
  const { planId, eventId, type } = event
  const plan = await deps.plans.get(planId)
  const url = plan?.spec.webhook?.url
  if (url === undefined) return { retryInMs: undefined }
  const id = deliveryId(event)
  const known = await deps.deliveries.get(planId, id)
  if (known !== undefined && known.status !== 'pending') return { retryInMs: undefined }
  const at = deps.now()
  const body = JSON.stringify({
    type,
    timestamp: new Date(event.at).toISOString(),
    data: {
      planId,
      eventId,
      ...(event.taskId === undefined ? {} : { taskId: event.taskId }),
      ...(event.version === undefined ? {} : { version: event.version }),
    },
  })
  const { statusCode, error } = await deps.post(url, {
    id,
    body,
    at,
    traceparent: plan?.spec.traceparent,
  })
  const attempts = [
    ...(known?.attempts ?? []),
    {
      at: at.toISOString(),
      ...(statusCode === undefined ? {} : { statusCode }),
      ...(error === undefined ? {} : { error }),
    },
  ]
  const delivered = error === undefined
  // 410 Gone: the receiver wants no more of them.
  const retryInMs =
    delivered || statusCode === 410 ? undefined : DELIVERY_PAUSES_MS[attempts.length - 1]
  const isKept = await deps.deliveries.save(planId, {
    id,
    type,
    status: delivered ? 'delivered' : retryInMs === undefined ? 'failed' : 'pending',
    attempts,
    nextAttemptAt:
      retryInMs === undefined
        ? null
        : // The attempt itself may have taken its time.
          new Date(deps.now().getTime() + retryInMs).toISOString(),
  })
  return { retryInMs: isKept ? retryInMs : undefined }
}

/** The same for every attempt, so that a receiver can tell a repetition. */
export function deliveryId(event: Pick<OutgoingEvent, 'planId' | 'eventId'>): string {
  return `${event.planId}-${event.eventId}`
}
