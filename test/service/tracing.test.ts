import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LLMock } from '@copilotkit/aimock'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type CollectedSpan, type Collector, startCollector } from '../support/collector.ts'
import { call, echoTask, type Service, startService } from '../support/service.ts'
import { aCaller, named, traceOf } from '../support/traces.ts'

// Traces of the real processes, as a collector gets them.

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes ....').toString('base64')}`
const PROMPT = 'Look for the purple elephant.'
const REFUSED = 'Look for the elephant in the attic.'
const ANSWER = 'There is a purple elephant in the cellar.'
const SUMMARY = 'One elephant, purple.'

let collector: Collector
let provider: LLMock
let service: Service
let hook: Server
const hooked: (string | undefined)[] = []

beforeAll(async () => {
  collector = await startCollector()
  provider = await startProvider()
  hook = createServer((request, response) => {
    hooked.push(request.headers.traceparent as string | undefined)
    request.resume().on('end', () => response.end())
  })
  hook.listen(0, '127.0.0.1')
  await once(hook, 'listening')
  service = await startService({
    redisUrl: inject('redisUrl'),
    prefix: `test-${randomUUID().slice(0, 8)}`,
    env: {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '50',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-collector-key=key-of-the-collector',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      TUTTI_MODEL: 'local:scripted',
      LOCAL_BASE_URL: `${provider.url}/v1`,
      TUTTI_WEBHOOK_SECRET: SECRET,
      TUTTI_WEBHOOK_ALLOW: '127.0.0.1',
    },
  })
})
afterAll(async () => {
  await service.stop()
  hook.close()
  await provider.stop()
  await collector.close()
})

/** Looks into a file before it answers, and fails at the first call of a task that says so. */
async function startProvider(): Promise<LLMock> {
  const mock = new LLMock({ port: 0 })
  const usage = { prompt_tokens: 1_000, completion_tokens: 100 }
  const text = (request: unknown) => JSON.stringify(request)
  let refusals = 0
  mock.addFixture({
    match: {
      predicate: (request) => {
        if (!text(request).includes(REFUSED)) return false
        refusals += 1
        return refusals === 1
      },
    },
    response: { error: { message: `I do not understand: ${REFUSED}` }, status: 500 },
  })
  mock.addFixture({
    match: { predicate: (request) => text(request).includes('## Your answer') },
    response: { content: JSON.stringify({ ...SYNTHESIS, summary: SUMMARY }), usage },
  })
  mock.addFixture({
    match: { predicate: ({ messages }) => !messages.some(({ role }) => role === 'tool') },
    response: {
      toolCalls: [{ name: 'read', arguments: JSON.stringify({ path: 'cellar.txt' }) }],
      usage,
    },
  })
  mock.addFixture({ match: { predicate: () => true }, response: { content: ANSWER, usage } })
  await mock.start()
  return mock
}

const SYNTHESIS = { findings: [], dropped: [], conflicts: [], actions: [] }

describe('a plan that is traced', () => {
  const caller = aCaller()
  let spans: CollectedSpan[]
  let tree: Record<string, string[]>
  let one: (name: string) => CollectedSpan | undefined

  beforeAll(async () => {
    const { port } = hook.address() as AddressInfo
    const body = {
      context: 'A house with elephants in it.',
      tasks: [
        { id: 'model', prompt: PROMPT, executor: 'model', tools: ['read'] },
        { id: 'refused', prompt: REFUSED, executor: 'model', tools: ['read'], attempts: 2 },
        echoTask('again', { failAttempts: 1 }, { attempts: 2 }),
      ],
      workspace: { files: { 'cellar.txt': 'An elephant in purple.' } },
      webhook: { url: `http://127.0.0.1:${port}/hook-with-a-token` },
    }
    const { traceparent } = caller
    const headers = { prefer: 'wait=30', traceparent }
    const { body: plan } = await call(`${service.url}/v1/plans`, 'POST', body, headers)
    expect(plan).toMatchObject({ status: 'succeeded' })
    ;({ spans, tree, one } = await traceOf(collector, caller.traceId, {
      'POST /v1/plans': 1,
      preflight: 1,
      'store plan': 1,
      'enqueue batch': 1,
      'run task': 5,
      'open workspace': 3,
      'chat scripted': 6,
      'execute_tool read': 2,
      'synthesize plan': 1,
      'deliver webhook': 1,
    }))
  })

  test('is one trace, from the request of the caller to the webhook', () => {
    expect(tree).toEqual({
      outside: ['POST /v1/plans'],
      'POST /v1/plans': [
        'deliver webhook',
        'enqueue batch',
        'preflight',
        ...Array.from({ length: 5 }, () => 'run task'),
        'store plan',
        'synthesize plan',
      ],
      'run task': [
        ...Array.from({ length: 5 }, () => 'chat scripted'),
        'execute_tool read',
        'execute_tool read',
        ...Array.from({ length: 3 }, () => 'open workspace'),
      ],
      'synthesize plan': ['chat scripted'],
    })
    expect(one('POST /v1/plans')).toMatchObject({
      parentSpanId: caller.spanId,
      kind: 'server',
      service: 'tutti-api',
      attributes: { 'http.route': '/v1/plans', 'http.response.status_code': 200 },
    })
    expect(one('enqueue batch')).toMatchObject({
      kind: 'producer',
      attributes: { 'tutti.tasks': 3 },
    })
  })

  test('has a span for each attempt, with how it ended', () => {
    const attempts = named(spans, 'run task').map(({ attributes, failed, service, kind }) => {
      expect({ service, kind }).toEqual({ service: 'tutti-worker', kind: 'consumer' })
      const { 'tutti.task.id': id, 'tutti.attempt': number, 'tutti.outcome': outcome } = attributes
      return `${id} ${number} ${outcome}${failed ? ` (${attributes['error.type']})` : ''}`
    })
    expect(attempts.toSorted()).toEqual([
      'again 1 failed (echo-failed)',
      'again 2 succeeded',
      'model 1 succeeded',
      'refused 1 failed (provider-error)',
      'refused 2 succeeded',
    ])
  })

  test('names model calls and tools as the conventions for generative AI do', () => {
    const answered = named(spans, 'chat scripted').filter(({ failed }) => !failed)
    expect(answered).toHaveLength(5)
    expect(answered[0]).toMatchObject({
      kind: 'client',
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'local',
        'gen_ai.request.model': 'scripted',
        'gen_ai.response.model': 'scripted',
        'gen_ai.usage.input_tokens': 1_000,
        'gen_ai.usage.output_tokens': 100,
      },
    })
    expect(named(spans, 'chat scripted').find(({ failed }) => failed)?.attributes).toMatchObject({
      'error.type': 'provider-error',
      'http.response.status_code': 500,
    })
    expect(one('execute_tool read')?.attributes).toMatchObject({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'read',
    })
  })

  test('sends its trace to the receiver of its webhook', () => {
    expect(hooked).toEqual([`00-${caller.traceId}-${one('deliver webhook')?.spanId}-01`])
  })

  test('is found from the log: what is logged on its behalf carries its ids', () => {
    const logs = [service.api, ...service.workers].flatMap((process) =>
      process.log().trim().split('\n'),
    )
    const lines = logs.map((line) => JSON.parse(line) as Record<string, unknown>)
    const failed = named(spans, 'chat scripted').find((span) => span.failed)
    expect(lines.find(({ msg }) => msg === 'request')).toMatchObject({
      trace_id: caller.traceId,
      span_id: one('POST /v1/plans')?.spanId,
    })
    expect(lines.find(({ msg }) => msg === 'model call failed')).toMatchObject({
      trace_id: caller.traceId,
      span_id: failed?.parentSpanId,
    })
    expect(lines.find(({ msg }) => msg === 'worker is up')).not.toHaveProperty('trace_id')
  })

  test('sends no prompt, no output, no file and no secret', () => {
    const sent = collector.requests.map(({ body }) => body.toString()).join()
    expect(sent).toContain('tutti.plan.id')
    const words = [
      'lephant',
      'cellar',
      'with-a-token',
      'whsec',
      'key-of',
      'Your answer',
      'Say again',
    ]
    expect(words.filter((word) => sent.includes(word))).toEqual([])
    expect(collector.requests[0]?.headers).toMatchObject({
      'x-collector-key': 'key-of-the-collector',
    })
  })
})
