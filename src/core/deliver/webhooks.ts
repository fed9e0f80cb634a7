import type { Delivery } from '../contract/delivery.ts'
import type { PlanStore } from '../ports/plan-store.ts'
import type { StoreClock } from '../ports/store-clock.ts'

/** An event on its way to a plan's webhook. */
export interface OutgoingEvent {
  planId: string
  /** The event's id in the plan's log; with the plan id it identifies the delivery. */
  eventId: string
  type: string
  taskId?: string
  version?: number
  /** The number of a step. */
  step?: number
  /** Milliseconds since 1970. */
  at: number
}

/**
 * Pauses between attempts, in milliseconds, as Standard Webhooks recommends: seven more attempts
 * within a day or so.
 */
export const DELIVERY_PAUSES_MS = [
  5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 25_200_000, 32_400_000,
]

export interface DeliveryStore {
  /**
   * Takes deliveries that are due, at most `count` per shard. One that is not settled within
   * `leaseMs` is due again, because its process died or could not store the result.
   */
  claim(count: number, leaseMs: number): Promise<{ shard: number; events: OutgoingEvent[] }[]>
  /**
   * Stores a new delivery. One that has been attempted is left as it is.
   *
   * @returns False if the plan is gone; then nothing is stored.
   */
  begin(planId: string, delivery: Delivery): Promise<boolean>
  /**
   * Stores the result of an attempt. The delivery is due again in `dueInMs`, or done if that is
   * undefined.
   */
  settle(planId: string, delivery: Delivery, dueInMs: number | undefined): Promise<void>
  /** Drops deliveries because their plan is being deleted. */
  forget(planId: string, deliveryIds: readonly string[]): Promise<void>
  get(planId: string, deliveryId: string): Promise<Delivery | undefined>
  all(planId: string): Promise<Delivery[]>
}

/** Deletes a plan's pending deliveries together with the plan. */
export type ForgetDeliveries = (planId: string, deliveryIds: readonly string[]) => Promise<void>

const DISPATCHED_AT_ONCE = 200
/**
 * Longer than an attempt takes. A delivery that waits longer for its turn is already in the queue.
 */
const LEASE_MS = 30_000

/** Moves due deliveries into the queue; those that are already there are left alone. */
export async function dispatch(deps: {
  deliveries: DeliveryStore
  enqueue: (shard: number, events: readonly OutgoingEvent[]) => Promise<void>
}): Promise<void> {
  for (const { shard, events } of await deps.deliveries.claim(DISPATCHED_AT_ONCE, LEASE_MS)) {
    const kept: OutgoingEvent[] = []
    for (const event of events) {
      const isKept = await deps.deliveries.begin(event.planId, {
        id: deliveryId(event),
        type: event.type,
        status: 'pending',
        attempts: [],
        nextAttemptAt: new Date(event.at).toISOString(),
      })
      if (isKept) kept.push(event)
    }
    if (kept.length > 0) await deps.enqueue(shard, kept)
  }
}

/** The receiver's answer. Never throws: errors are part of the result. */
export type Post = (
  url: string,
  delivery: {
    id: string
    body: string
    at: Date
    /** W3C trace context that is passed to the receiver. */
    traceparent?: string | undefined
  },
) => Promise<{ statusCode?: number; error?: string }>

export interface DeliverDeps {
  plans: Pick<PlanStore, 'get'>
  deliveries: DeliveryStore
  post: Post
  now: StoreClock
}

/**
 * Makes one delivery attempt. The body says only what happened and to what; the receiver reads the
 * rest from the API, so that its logs contain nothing it was not meant to see.
 */
export async function deliver(deps: DeliverDeps, event: OutgoingEvent): Promise<void> {
  const { planId, eventId, type } = event
  const plan = await deps.plans.get(planId)
  const url = plan?.spec.webhook?.url
  const id = deliveryId(event)
  if (url === undefined) return deps.deliveries.forget(planId, [id])
  const known = await deps.deliveries.get(planId, id)
  if (known !== undefined && known.status !== 'pending') {
    return deps.deliveries.forget(planId, [id])
  }
  const now = await deps.now()
  // The job was enqueued again while the previous attempt was running.
  if (known?.attempts.length && Date.parse(known.nextAttemptAt ?? '') > now) return
  const at = new Date(now)
  const body = JSON.stringify({
    type,
    timestamp: new Date(event.at).toISOString(),
    data: {
      planId,
      eventId,
      ...(event.taskId === undefined ? {} : { taskId: event.taskId }),
      ...(event.version === undefined ? {} : { version: event.version }),
      ...(event.step === undefined ? {} : { step: event.step }),
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
  // 410 Gone: the receiver wants no more deliveries.
  const retryInMs =
    delivered || statusCode === 410 ? undefined : DELIVERY_PAUSES_MS[attempts.length - 1]
  const delivery: Delivery = {
    id,
    type,
    status: delivered ? 'delivered' : retryInMs === undefined ? 'failed' : 'pending',
    attempts,
    nextAttemptAt:
      retryInMs === undefined
        ? null
        : // The attempt itself may have taken a while.
          new Date((await deps.now()) + retryInMs).toISOString(),
  }
  await deps.deliveries.settle(planId, delivery, retryInMs)
}

/** The same for every attempt, so that a receiver can recognise repeats. */
export function deliveryId(event: Pick<OutgoingEvent, 'planId' | 'eventId'>): string {
  return `${event.planId}-${event.eventId}`
}
