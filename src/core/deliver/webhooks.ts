import type { Delivery } from '../contract/delivery.ts'
import type { PlanStore } from '../ports/plan-store.ts'
import type { StoreClock } from '../ports/store-clock.ts'

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
  /**
   * Takes deliveries whose time has come, at most `count` a shard. One that is not settled within
   * `leaseMs` comes again: that of a process that died, or could not store what became of it.
   */
  claim(count: number, leaseMs: number): Promise<{ shard: number; events: OutgoingEvent[] }[]>
  /**
   * Keeps a new delivery. One that was attempted already stays as it is.
   *
   * @returns False where the plan is gone: then nothing is kept.
   */
  begin(planId: string, delivery: Delivery): Promise<boolean>
  /** Keeps what an attempt came to. It is due again in `dueInMs`, or where that is undefined, over. */
  settle(planId: string, delivery: Delivery, dueInMs: number | undefined): Promise<void>
  /** These are not due any more: their plan goes. */
  forget(planId: string, deliveryIds: readonly string[]): Promise<void>
  get(planId: string, deliveryId: string): Promise<Delivery | undefined>
  all(planId: string): Promise<Delivery[]>
}

/** What of a plan is still to be delivered goes with the plan. */
export type ForgetDeliveries = (planId: string, deliveryIds: readonly string[]) => Promise<void>

const DISPATCHED_AT_ONCE = 200
/** Longer than an attempt takes; one that waits longer for its turn is found in the queue already. */
const LEASE_MS = 30_000

/** Moves deliveries whose time has come into their queue; one that is there already is left as it is. */
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
  now: StoreClock
}

/**
 * Makes one attempt at one delivery. The body names what happened and to what; the receiver reads the
 * rest from the API, so that nothing it was not shown before lies in its logs.
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
  // Its job was enqueued once more while the attempt before was made.
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
  const delivery: Delivery = {
    id,
    type,
    status: delivered ? 'delivered' : retryInMs === undefined ? 'failed' : 'pending',
    attempts,
    nextAttemptAt:
      retryInMs === undefined
        ? null
        : // The attempt itself may have taken its time.
          new Date((await deps.now()) + retryInMs).toISOString(),
  }
  await deps.deliveries.settle(planId, delivery, retryInMs)
}

/** The same for every attempt, so that a receiver can tell a repetition. */
export function deliveryId(event: Pick<OutgoingEvent, 'planId' | 'eventId'>): string {
  return `${event.planId}-${event.eventId}`
}
