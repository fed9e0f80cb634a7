import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type Collector, startCollector } from '../support/collector.ts'
import { call, echoTask, type Service, startService } from '../support/service.ts'
import { aCaller, named, traceOf } from '../support/traces.ts'

// How processes begin, share and end traces; what a trace holds is in `tracing.test.ts`.

const TO_COLLECTOR = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_BSP_SCHEDULE_DELAY: '50' }
const WEBHOOKS = {
  TUTTI_WEBHOOK_SECRET: `whsec_${Buffer.from('a secret of thirty-two bytes ....').toString('base64')}`,
  TUTTI_WEBHOOK_ALLOW: '127.0.0.1',
}

let collector: Collector
let service: Service
let hook: Server
const hooked: (string | undefined)[] = []

beforeAll(async () => {
  collector = await startCollector()
  hook = createServer((request, response) => {
    hooked.push(request.headers.traceparent as string | undefined)
    request.resume().on('end', () => response.end())
  })
  hook.listen(0, '127.0.0.1')
  await once(hook, 'listening')
  service = await start({
    ...TO_COLLECTOR,
    ...WEBHOOKS,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    TUTTI_CONCURRENCY: '2',
  })
  await service.addWorker()
})
afterAll(async () => {
  await service.stop()
  hook.close()
  await collector.close()
})

function start(env: Record<string, string>): Promise<Service> {
  const prefix = `test-${randomUUID().slice(0, 8)}`
  return startService({ redisUrl: inject('redisUrl'), prefix, env })
}

function submit(body: object, headers: Record<string, string> = {}, url = service.url) {
  return call(`${url}/v1/plans`, 'POST', body, { prefer: 'wait=30', ...headers })
}

test('every worker process adds to the one trace', async () => {
  const { traceId, traceparent } = aCaller()
  const tasks = Array.from({ length: 40 }, (_, at) => echoTask(`t-${at}`, { delayMs: 100 }))
  await submit({ tasks, synthesis: false }, { traceparent })
  const { spans } = await traceOf(collector, traceId, {
    'POST /v1/plans': 1,
    preflight: 1,
    'store plan': 1,
    'enqueue batch': 1,
    'run task': 40,
    'synthesize plan': 1,
  })
  const runs = named(spans, 'run task')
  expect(new Set(runs.map(({ attributes }) => attributes['tutti.task.id'])).size).toBe(40)
  expect(new Set(runs.map(({ instance }) => instance)).size).toBe(2)
})

test('nothing is sent for a trace that is not sampled, and its webhook is told so', async () => {
  const caller = aCaller('00')
  const { port } = hook.address() as AddressInfo
  const webhook = { url: `http://127.0.0.1:${port}/` }
  const before = hooked.length
  await submit({ tasks: [echoTask('a')], webhook }, { traceparent: caller.traceparent })
  const after = aCaller()
  await submit({ tasks: [echoTask('a')] }, { traceparent: after.traceparent })
  await collector.until((spans) =>
    spans.some(({ traceId, name }) => traceId === after.traceId && name === 'synthesize plan'),
  )
  while (hooked.length === before) await once(hook, 'request')
  expect(hooked.at(-1)).toMatch(new RegExp(`^00-${caller.traceId}-[0-9a-f]{16}-00$`))
  expect(collector.spans.filter(({ traceId }) => traceId === caller.traceId)).toEqual([])
})

test('requests that are refused have a span, probes have none', async () => {
  const { traceId, traceparent } = aCaller()
  for (const path of ['livez', 'readyz', 'v1/nowhere']) {
    await call(`${service.url}/${path}`, 'GET', undefined, { traceparent })
  }
  const { spans } = await traceOf(collector, traceId, { GET: 1 })
  expect(spans[0]).toMatchObject({
    attributes: { 'http.response.status_code': 404, 'url.path': '/v1/nowhere' },
    failed: false,
  })
})

test('all that is left is sent when the processes end, from the thread of large plans too', async () => {
  const env = { ...TO_COLLECTOR, OTEL_BSP_SCHEDULE_DELAY: '3600000' }
  const own = await startCollector()
  const { traceId, traceparent } = aCaller()
  const service = await start({ ...env, OTEL_EXPORTER_OTLP_ENDPOINT: own.url })
  try {
    const context = 'A very long story. '.repeat(20_000)
    const { status } = await submit(
      { context, tasks: [echoTask('a')] },
      { traceparent },
      service.url,
    )
    expect(status).toBe(200)
    expect(own.requests).toEqual([])
  } finally {
    await service.stop()
  }
  const { tree } = await traceOf(own, traceId, {
    'POST /v1/plans': 1,
    'submit large plan': 1,
    preflight: 1,
    'store plan': 1,
    'enqueue batch': 1,
    'run task': 1,
    'synthesize plan': 1,
  })
  expect(tree).toEqual({
    outside: ['POST /v1/plans'],
    'POST /v1/plans': ['run task', 'submit large plan', 'synthesize plan'],
    'submit large plan': ['enqueue batch', 'preflight', 'store plan'],
  })
  await own.close()
})

test('a collector that refuses disturbs nothing, and is logged once', async () => {
  const own = await startCollector(400)
  const service = await start({
    OTEL_EXPORTER_OTLP_ENDPOINT: own.url,
    OTEL_BSP_SCHEDULE_DELAY: '10',
  })
  try {
    while (own.requests.length < 6) {
      expect((await submit({ tasks: [echoTask('a')] }, {}, service.url)).status).toBe(200)
    }
  } finally {
    await service.stop()
    await own.close()
  }
  // Protocol Buffers, the default of the specification.
  expect(own.requests[0]).toMatchObject({
    path: '/v1/traces',
    headers: { 'content-type': 'application/x-protobuf' },
  })
  for (const process of [service.api, ...service.workers]) {
    expect(process.log().match(/traces cannot be sent/g) ?? []).toHaveLength(1)
    expect(await process.end('SIGTERM')).toBe(0)
  }
})

test("without the variable, tracing is not loaded, and a caller's trace is passed on unchanged", async () => {
  const watch = [
    'import { registerHooks } from "node:module"',
    'const load = (url, context, next) => {',
    '  if (/@opentelemetry.(?!api)|src.tracing.(open|request)/.test(url)) console.log("LOADED " + url)',
    '  return next(url, context)',
    '}',
    'registerHooks({ load })',
  ].join('\n')
  const service = await start({
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(watch)}`,
    OTEL_TRACES_SAMPLER: 'always_on',
    ...WEBHOOKS,
  })
  try {
    const { traceparent } = aCaller()
    const { port } = hook.address() as AddressInfo
    const webhook = { url: `http://127.0.0.1:${port}/` }
    const before = hooked.length
    await submit({ tasks: [echoTask('a')], webhook }, { traceparent }, service.url)
    while (hooked.length === before) await once(hook, 'request')
    expect(hooked.at(-1)).toBe(traceparent)
    const log = service.api.log() + service.workers.map((worker) => worker.log()).join('')
    expect(log).toContain('"msg":"request"')
    expect(log).not.toContain('trace_id')
    expect(log).not.toContain('LOADED')
  } finally {
    await service.stop()
  }
})
