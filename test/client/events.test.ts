import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type FollowOptions, type PlanEvent, type Tutti, tutti } from '../../src/client/index.ts'
import { textOf } from '../../src/client/lines.ts'
import { eventsOf, type ServerSentEvent } from '../../src/client/sse.ts'
import type { FakePlan } from '../support/fake-plan.ts'
import { type FakeService, startFakeService } from '../support/fake-service.ts'

const PLAN = { tasks: ['a', 'b', 'c'].map((id) => ({ id, prompt: id })) }

let service: FakeService
let client: Tutti
let plan: FakePlan
beforeEach(async () => {
  service = await startFakeService()
  client = tutti({ baseUrl: service.url })
  await client.plans.submit(PLAN)
  plan = service.newest()
})
afterEach(() => service.close())

/** Follows the plan to its end. `each` and `onConnection` (counted from 1) may move the plan on. */
async function follow(
  each: (event: PlanEvent) => void = () => {},
  {
    onConnection = () => {},
    ...options
  }: FollowOptions & { onConnection?: (count: number) => void } = {},
): Promise<PlanEvent[]> {
  let connections = 0
  const watched: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (typeof input === 'string' && input.includes('/events')) onConnection(++connections)
    return response
  }
  const events: PlanEvent[] = []
  const { plans } = tutti({ baseUrl: service.url, fetch: watched })
  for await (const event of plans.events('plan-1', options)) {
    events.push(event)
    each(event)
  }
  return events
}

describe('the events of a plan', () => {
  test('begin with its state and end when it has finished', async () => {
    const events = await follow(({ type }) => type === 'snapshot' && plan.run())
    expect(events[0]).toMatchObject({
      type: 'snapshot',
      data: { plan: { status: 'queued' }, tasks: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] },
    })
    expect(events.slice(1)).toEqual(plan.events)
    expect(events.at(-1)).toMatchObject({ type: 'plan.finished', data: { status: 'succeeded' } })
  })

  test('of a plan that has finished are its last state', async () => {
    plan.run()
    expect((await follow()).map(({ type }) => type)).toEqual(['snapshot'])
  })

  test('are the same however often the connection is cut', async () => {
    const cuts = [1, 0, 2, 1, 3].map((cutAfterEvents) => ({ cutAfterEvents }))
    service.fail('GET /v1/plans/plan-1/events', ...cuts)
    const events = await follow(({ type }) => type === 'snapshot' && plan.run())
    expect(events.slice(1)).toEqual(plan.events)
    const resumed = service.requests.filter(({ path }) => path.endsWith('/events')).slice(1)
    expect(resumed[0]?.headers['last-event-id']).toBe('0-0')
    expect(resumed).toHaveLength(5)
  })

  test('continue when the service ends the stream properly, as it does before a restart', async () => {
    service.fail('GET /v1/plans/plan-1/events', { cutAfterEvents: 2, cleanly: true })
    const events = await follow(({ type }) => type === 'snapshot' && plan.run())
    expect(events.slice(1)).toEqual(plan.events)
  })

  test('continue after a proper end without events, even if the plan finishes just then', async () => {
    const first = await follow(({ type }) => {
      if (type === 'snapshot') plan.start('a')
      else plan.run()
    }, {})
    const lastEventId = first[1]?.id
    service.fail('GET /v1/plans/plan-1/events', { cutAfterEvents: 0, cleanly: true })
    const rest = await follow(undefined, { lastEventId })
    expect(rest).toEqual(plan.events.slice(1))
  })

  test('resumed after the last one end without an event', async () => {
    plan.run()
    expect(await follow(undefined, { lastEventId: plan.events.at(-1)?.id })).toEqual([])
  })

  test('resume when nothing arrives any more, no heartbeat either', async () => {
    const events = await follow(undefined, {
      idleTimeoutMs: 100,
      onConnection: (count) => count === 2 && plan.run(),
    })
    expect(events.slice(1)).toEqual(plan.events)
  })

  test('continue past the end of a plan that was reopened', async () => {
    plan.run()
    plan.reopen('a')
    const lastEventId = plan.events[0]?.id
    const events = await follow(undefined, { lastEventId, onConnection: () => plan.run() })
    expect(events).toEqual(plan.events.slice(1))
    expect(events.filter(({ type }) => type === 'plan.finished')).toHaveLength(2)
  })

  test('of a plan that is not there are an error', async () => {
    await expect(client.plans.events('nowhere').next()).rejects.toMatchObject({
      code: 'plan-not-found',
    })
  })

  test('end with the caller', async () => {
    const controller = new AbortController()
    const events = follow(() => controller.abort(new Error('enough')), {
      signal: controller.signal,
    })
    await expect(events).rejects.toThrow('enough')
  })

  test('ask for tokens only when told to', async () => {
    plan.run()
    await follow(undefined, { tokens: true })
    await follow()
    const paths = service.requests.slice(1).map(({ path }) => path)
    expect(paths).toEqual(['/v1/plans/plan-1/events?tokens=true', '/v1/plans/plan-1/events'])
  })
})

describe('a stream of Server-Sent Events', () => {
  test('reads as the standard says', async () => {
    expect(
      await parse([
        ': a comment\n\nevent: one\nid: 1\ndata: {"a":\ndata: 1}\n\n',
        'data:no space\r\nid\r\n\r\nevent: empty\n\nid: 3\0\ndata\n\ndata: cut off\n',
      ]),
    ).toEqual([
      { type: 'one', id: '1', data: '{"a":\n1}' },
      { type: 'message', id: '', data: 'no space' },
      { type: 'message', id: undefined, data: '' },
    ])
  })

  test('reads the same wherever its bytes are cut', async () => {
    const text =
      '\uFEFFevent: ä\r\nid: 7\r\ndata: 😀\r\n\r\nevent: b\rdata: x\rdata: y\r\rdata: z\n\n'
    const whole = await parse([text])
    expect(whole.map(({ data }) => data)).toEqual(['😀', 'x\ny', 'z'])
    const length = new TextEncoder().encode(text).length
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(length), { maxLength: 8 }), async (cuts) => {
        expect(await parse([text], cuts)).toEqual(whole)
      }),
      { numRuns: 200 },
    )
  })
})

async function parse(texts: string[], cuts: number[] = []): Promise<ServerSentEvent[]> {
  const bytes = new TextEncoder().encode(texts.join(''))
  const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
  const chunks = edges.slice(1).map((edge, index) => bytes.slice(edges[index], edge))
  const events: ServerSentEvent[] = []
  for await (const event of eventsOf(textOf(ReadableStream.from(chunks), 1_000))) {
    events.push(event)
  }
  return events
}
