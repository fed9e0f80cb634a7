import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { call, echoTask, type Service, startService } from '../support/service.ts'

// Whatever it is sent, the service answers without a 5xx, delays nobody else and does not grow.
// `./script/fuzz [minutes] [seed]` runs it for as long as one likes, with strict limits on pauses.

const MINUTES = Number(process.env.TUTTI_FUZZ_MINUTES ?? 0)
const SEED = Number(process.env.TUTTI_FUZZ_SEED ?? Date.now() % 2 ** 31)
/** A short run shares its machine with other tests: only what is really stuck counts there. */
const LONGEST_PAUSE_MS = MINUTES > 0 ? 200 : 10_000
const RUNS = MINUTES > 0 ? 1_000_000 : 40
const MOST_GROWTH_MB = 600

const MS_PER_TICK = 10

let service: Service
let redisPid: number
let beside: string
let stopProbe: () => Promise<void>
let longestPause = 0

beforeAll(async () => {
  const redis = new Redis(inject('redisUrl'))
  redisPid = Number(/process_id:(\d+)/.exec(await redis.info('server'))?.[1])
  redis.disconnect()
  service = await startService({
    redisUrl: inject('redisUrl'),
    prefix: `test-${randomUUID().slice(0, 8)}`,
    env: { LOG_LEVEL: 'warn' },
  })
  const { body } = await call<{ id: string }>(`${service.url}/v1/plans`, 'POST', {
    tasks: [echoTask('beside', { hang: true })],
  })
  beside = `${service.url}/v1/plans/${body.id}`
  stopProbe = probe()
  console.log(`seed ${SEED}`)
})

afterAll(async () => {
  await stopProbe()
  await call(beside, 'DELETE')
  await service.stop()
})

/** CPU time of the thread that serves requests, and of Redis, in milliseconds. */
function computedMs(): number {
  return [service.api.pid, redisPid].reduce((sum, pid) => {
    const [, fields = ''] = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'utf8').split(') ')
    const [user, system] = fields.split(' ').slice(11, 13)
    return sum + (Number(user) + Number(system)) * MS_PER_TICK
  }, 0)
}

/** Asks now and then how the service is, and for a plan that has nothing to do with what is sent. */
function probe(): () => Promise<void> {
  let over = false
  const asking = (async () => {
    while (!over) {
      for (const url of [`${service.url}/livez`, beside]) {
        const before = computedMs()
        const started = performance.now()
        const response = await fetch(url)
        await response.arrayBuffer()
        // A machine that is busy with something else makes everybody wait: only what the service
        // and Redis computed meanwhile can be what held the others up.
        const pause = Math.min(performance.now() - started, computedMs() - before)
        longestPause = Math.max(longestPause, pause)
        if (response.status !== 200) throw new Error(`${url} answered ${response.status}`)
      }
      await delay(25)
    }
  })()
  asking.catch(() => undefined)
  return async () => {
    over = true
    await asking
  }
}

/** A piece over and over, which is what patterns that go back and forth cannot bear. */
const repeated = (pieces: string[], most: number) =>
  fc
    .array(
      fc
        .tuple(fc.constantFrom(...pieces), fc.oneof(fc.constant(1), fc.nat(most)))
        .map(([piece, times]) => piece.repeat(times)),
      { maxLength: 6 },
    )
    .map((parts) => parts.join(''))

const output = fc.oneof(
  repeated(
    [
      ' ',
      '#',
      '# a',
      '\n',
      '- ',
      '**High**: ',
      '[high] ',
      '| ',
      '|severity|title|\n',
      '`',
      '```\n',
      '(',
      'src/a.ts:1',
      '.',
      '–',
      'Fix: ',
      'replace x with ',
      ' instead of ',
      '{',
      '[',
      '{"findings":[',
      '"',
      '\\',
      'é',
      '🔴',
      'a',
    ],
    3_000,
  ),
  fc.string({ unit: 'binary' }),
)
const glob = fc.oneof(
  repeated(
    [
      '*',
      '*a',
      '**',
      '/',
      '{a,b}',
      '{',
      '}',
      '!(a)',
      '+(a|b)',
      '*(',
      ')',
      '[a-z]',
      '[',
      '\\',
      '?',
      'a',
      '!',
    ],
    40,
  ),
  fc.string(),
)
const fileName = repeated(['a', '/', '.', 'git~1', '.git', '~', 'é', ' '], 150)
const name = fc.oneof(
  fc.string(),
  fc.constantFrom('__proto__', 'constructor', '%00', '..', 'a'.repeat(300)),
)
const schema = fc.oneof(
  fc.object({ maxDepth: 3 }),
  fc.record({
    type: fc.constantFrom('object', 'string', 'nope'),
    pattern: fc.constantFrom('(a+)+$', '^(', 'x'),
  }),
  fc.record({ $ref: fc.constantFrom('#', '#/x', 'https://example.com/x') }),
  fc.constant({ $id: 'same', type: 'object' }),
)

interface Request {
  method: string
  path: string
  body?: unknown
}

const dryRun = fc
  .record({
    tasks: fc.array(
      fc.record(
        {
          prompt: output,
          executor: fc.constant('echo'),
          files: fc.oneof(
            fc.array(glob, { maxLength: 5 }),
            fc.record({ write: fc.array(glob, { maxLength: 5 }) }),
          ),
          outputSchema: schema,
          dependsOn: fc.array(name, { maxLength: 3 }),
        },
        { requiredKeys: ['prompt', 'executor'] },
      ),
      { minLength: 1, maxLength: 5 },
    ),
    workspace: fc
      .dictionary(fileName, fc.constant(''), { maxKeys: 20 })
      .map((files) => ({ files })),
  })
  .map((body): Request => ({ method: 'POST', path: '/v1/plans?dryRun=true', body }))

const pattern = fc.record({ perspectives: fc.array(name, { maxLength: 300 }), task: output }).map(
  ({ perspectives, task }): Request => ({
    method: 'POST',
    path: '/v1/plans?dryRun=true',
    body: { pattern: { kind: 'perspectives', perspectives, task: { task, executor: 'echo' } } },
  }),
)

const route = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'DELETE'),
    parts: fc.array(
      fc.oneof(
        fc.constantFrom(
          'plans',
          'tasks',
          'synthesis',
          'syntheses',
          'outputs',
          'events',
          'report',
          'todos',
          'retry',
          'cancel',
          'resume',
          'deliveries',
          'steps',
          'messages',
          'workers',
          'executors',
        ),
        name,
      ),
      { maxLength: 5 },
    ),
    query: fc.dictionary(
      fc.constantFrom('limit', 'cursor', 'wait', 'format', 'status', 'tokens', 'version'),
      name,
    ),
    body: fc.option(fc.anything({ maxDepth: 3 }), { nil: undefined }),
  })
  .map(({ method, parts, query, body }): Request => {
    const path = ['v1', ...parts].map((part) => encodeURIComponent(part.toWellFormed())).join('/')
    const search = Object.entries(query).map(
      ([key, value]) => `${key}=${encodeURIComponent(value.toWellFormed())}`,
    )
    return { method, path: `/${path}?${search.join('&')}`, ...(method === 'POST' ? { body } : {}) }
  })

async function statusOf({ method, path, body }: Request): Promise<number> {
  const text = body === undefined ? undefined : JSON.stringify(body)
  const response = await fetch(`${service.url}${path}`, {
    method,
    ...(text === undefined ? {} : { body: text, headers: { 'content-type': 'application/json' } }),
    signal: AbortSignal.timeout(60_000),
  })
  await response.body?.cancel()
  return response.status
}

async function check(work: () => Promise<void>): Promise<void> {
  longestPause = 0
  await work()
  // One more round of the probe sees what is still held up.
  await call(`${service.url}/livez`)
  expect(longestPause, 'the longest that somebody else waited, in ms').toBeLessThan(
    LONGEST_PAUSE_MS,
  )
}

const limits = () => ({
  seed: SEED,
  numRuns: RUNS,
  ...(MINUTES > 0 ? { interruptAfterTimeLimit: (MINUTES * 60_000) / 2 } : {}),
})
const timeout = MINUTES * 60_000 + 300_000

test('no request is answered 5xx, or holds up another one', { timeout }, async () => {
  const before = memoryOf()
  await fc.assert(
    fc.asyncProperty(fc.oneof(dryRun, pattern, route), async (request) => {
      await check(async () => {
        expect(await statusOf(request)).toBeLessThan(500)
      })
    }),
    limits(),
  )
  expect(memoryOf() - before).toBeLessThan(MOST_GROWTH_MB)
})

test('no output stops a worker: its plan ends, and can be read in every form', {
  timeout,
}, async () => {
  const before = memoryOf()
  await fc.assert(
    fc.asyncProperty(fc.array(output, { minLength: 1, maxLength: 4 }), async (outputs) => {
      await check(async () => {
        const tasks = outputs.map((text, index) => ({
          ...echoTask(`t${index}`),
          prompt: `Say: ${text.toWellFormed()}`,
        }))
        const { status, body } = await call<{ id: string; status: string }>(
          `${service.url}/v1/plans`,
          'POST',
          { tasks },
          { prefer: 'wait=60' },
        )
        expect([status, body.status]).toEqual([200, 'succeeded'])
        const self = `/v1/plans/${body.id}`
        for (const path of [
          '',
          '/tasks',
          '/outputs',
          '/report',
          '/synthesis',
          '/synthesis?format=markdown',
          '/synthesis?format=sarif',
        ]) {
          expect([path, await statusOf({ method: 'GET', path: `${self}${path}` })]).toEqual([
            path,
            200,
          ])
        }
        await call(`${service.url}${self}`, 'DELETE')
      })
    }),
    limits(),
  )
  expect(memoryOf() - before).toBeLessThan(MOST_GROWTH_MB)
})

/** Of the API and its worker together, in MB. */
function memoryOf(): number {
  return [service.api, ...service.workers].reduce((sum, { pid }) => {
    const [, kilobytes = '0'] =
      /VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return sum + Number(kilobytes) / 1_024
  }, 0)
}
