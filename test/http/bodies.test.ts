import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/core/contract/limits.ts'
import { PARSED_HERE_BYTES } from '../../src/http/json-body.ts'
import { anApp, aServer, aSubmission, rawConnection, readToEnd } from './harness.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

function submit(payload: string | Buffer, headers: Record<string, string> = JSON_TYPE) {
  return { method: 'POST', url: '/v1/plans', headers, payload } as const
}

/** A plan whose body has exactly this many bytes. */
function bodyOf(bytes: number): string {
  const frame = JSON.stringify(aSubmission({ context: '' }))
  return JSON.stringify(aSubmission({ context: 'x'.repeat(bytes - frame.length) }))
}

test('hands a large body over as bytes, to be parsed elsewhere', async () => {
  const { app, api } = await anApp()
  const small = bodyOf(PARSED_HERE_BYTES)
  const large = bodyOf(PARSED_HERE_BYTES + 1)
  expect((await app.inject(submit(small))).statusCode).toBe(202)
  expect((await app.inject(submit(large))).statusCode).toBe(202)
  expect(api.submissions.map(({ body }) => Buffer.isBuffer(body))).toEqual([false, true])
  expect(api.submissions[1]?.body).toEqual(Buffer.from(large))
})

test.each([
  ['{"title": "a",}', 'line 1, column 15'],
  ['{"title": "a"\n "tasks": []}', 'line 2, column 2'],
  ['{"title": tru}', 'line 1, column 11'],
  ['{', 'line 1, column 2'],
  ['hello', 'line 1, column 1'],
])('says where the mistake is in %j', async (payload, place) => {
  const { app, api } = await anApp()
  const response = await app.inject(submit(payload))
  expect(response.statusCode).toBe(400)
  expect(response.json()).toMatchObject({
    code: 'invalid-request',
    errors: [{ pointer: '', detail: expect.stringContaining(place) }],
  })
  expect(api.submissions).toEqual([])
})

test.each([
  ['a prototype', '{"title": "a", "__proto__": {"admin": true}}', 'forbidden key'],
  ['an escaped prototype', '{"\\u005f_proto__": {}}', 'forbidden key'],
  ['a constructor', '{"constructor": {"prototype": {}}}', 'forbidden key'],
  ['bottomless nesting', '['.repeat(10_000), 'nests deeper'],
  ['nesting inside a string only', `"${'['.repeat(10_000)}"`, undefined],
])('refuses a body with %s', async (_, payload, reason) => {
  const { app } = await anApp()
  const response = await app.inject(submit(payload))
  expect(response.statusCode).toBe(400)
  if (reason !== undefined) expect(response.json().detail).toContain(reason)
})

test('refuses bytes that are not UTF-8', async () => {
  const { app } = await anApp()
  const response = await app.inject(submit(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])))
  expect(response.statusCode).toBe(400)
  expect(response.json().detail).toContain('UTF-8')
})

test('takes a body that begins with a byte order mark', async () => {
  const { app } = await anApp()
  const response = await app.inject(submit(`\uFEFF${JSON.stringify(aSubmission())}`))
  expect(response.statusCode).toBe(202)
})

test.each([
  ['no body', {}],
  ['no body, of a declared type', JSON_TYPE],
])('asks for a plan when there is %s', async (_, headers) => {
  const { app } = await anApp()
  const response = await app.inject({ method: 'POST', url: '/v1/plans', headers })
  expect(response.statusCode).toBe(400)
  expect(response.json()).toMatchObject({ errors: [{ pointer: '', detail: 'is required' }] })
})

test('refuses the body "null" as a plan', async () => {
  const { app } = await anApp()
  expect((await app.inject(submit('null'))).statusCode).toBe(400)
})

test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/yaml', 'nonsense'])(
  'answers 415 to a body of type %s',
  async (type) => {
    const { app } = await anApp()
    const response = await app.inject(submit('a=b', { 'content-type': type }))
    expect(response.statusCode).toBe(415)
    expect(response.json()).toMatchObject({ code: 'unsupported-media-type' })
    expect(response.headers.accept).toBe('application/json')
  },
)

test('answers 415 to a compressed body, and says what is taken', async () => {
  const { app } = await anApp()
  const response = await app.inject(
    submit(gzipSync(JSON.stringify(aSubmission())), { ...JSON_TYPE, 'content-encoding': 'gzip' }),
  )
  expect(response.statusCode).toBe(415)
  expect(response.headers['accept-encoding']).toBe('identity')
  expect(response.json().detail).toContain('Content-Encoding')
})

test('answers 415 to a body without a type', async () => {
  const { port } = await aServer()
  const socket = await rawConnection(port)
  socket.write(
    'POST /v1/plans HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}',
  )
  expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 415 /)
})

test('takes changes without a body, whatever type is declared for it', async () => {
  const { url, api } = await aServer()
  api.addPlan('p1x')
  for (const type of ['application/json', 'application/x-www-form-urlencoded', undefined]) {
    const response = await fetch(`${url}/v1/plans/p1x/cancel`, {
      method: 'POST',
      ...(type === undefined ? {} : { headers: { 'content-type': type } }),
    })
    expect(response.status).toBe(200)
  }
})

const SMALL = { ...DEFAULT_LIMITS, maxBodyBytes: 500_000 }

test('answers 413 with the limit to a body that is too large', async () => {
  const { app, api } = await anApp({ limits: SMALL })
  expect((await app.inject(submit(bodyOf(500_000)))).statusCode).toBe(202)
  const response = await app.inject(submit(bodyOf(500_001)))
  expect(response.statusCode).toBe(413)
  expect(response.headers['content-type']).toContain('application/problem+json')
  expect(response.json()).toMatchObject({ code: 'payload-too-large', limit: 500_000 })
  expect(api.submissions).toHaveLength(1)
})

test('limits bodies of other routes more than plans', async () => {
  const { app, api } = await anApp()
  api.addPlan('p1x')
  const payload = { instructions: 'x'.repeat(PARSED_HERE_BYTES) }
  const response = await app.inject({ method: 'POST', url: '/v1/plans/p1x/syntheses', payload })
  expect(response.statusCode).toBe(413)
  expect(response.json()).toMatchObject({ limit: PARSED_HERE_BYTES })
})

test('lets a client that is still sending read its 413, with a length and in chunks', async () => {
  const { url, api } = await aServer({ limits: SMALL })
  const piece = new Uint8Array(64 * 1024).fill(0x20)
  const pieces = () =>
    new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (let sent = 0; sent < 128; sent++) controller.enqueue(piece)
        controller.close()
      },
    })
  for (const body of [new Uint8Array(8_000_000), pieces()]) {
    const response = await fetch(`${url}/v1/plans`, {
      method: 'POST',
      headers: JSON_TYPE,
      body,
      duplex: 'half',
    } as RequestInit)
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ code: 'payload-too-large' })
  }
  expect(api.submissions).toEqual([])
})

test('answers what is not HTTP with a problem document', async () => {
  const { port } = await aServer()
  const socket = await rawConnection(port)
  socket.write('this is not http\r\n\r\n')
  const answer = await readToEnd(socket)
  expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  expect(answer).toContain('application/problem+json')
})

test('answers 431 to headers that are too large', async () => {
  const { port } = await aServer()
  const socket = await rawConnection(port)
  socket.write(`GET /livez HTTP/1.1\r\nHost: a\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`)
  expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 431 .*"detail":"The headers/s)
})

test('survives a client that leaves in the middle of its body', async () => {
  const { port, url, api } = await aServer()
  const socket = await rawConnection(port)
  socket.write(
    'POST /v1/plans HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"title"',
  )
  socket.destroy()
  await once(socket, 'close')
  expect((await fetch(`${url}/livez`)).status).toBe(200)
  expect(api.submissions).toEqual([])
})
