import { once } from 'node:events'
import type { Socket } from 'node:net'
import { expect, test, vi } from 'vitest'
import { OUTPUT_TASK } from '../../../src/http/openapi/examples.ts'
import { aServer, aSubmission, rawConnection, readToEnd } from '../harness.ts'

/** On a machine that is busy. */
const PATIENT = { timeout: 20_000 }

const WAITS = [
  ['a plan', 'GET', '/v1/plans/p1x?wait=600'],
  ['an output', 'GET', '/v1/plans/p1x/tasks/security/output?timeout=600000'],
  ['a synthesis', 'GET', '/v1/plans/p1x/synthesis?wait=600'],
  ['events', 'GET', '/v1/plans/p1x/events'],
] as const

test.each(WAITS)('stops waiting for %s when the caller goes', async (_, method, path) => {
  const { port, api } = await aServer()
  api.addPlan('p1x')
  const socket = await rawConnection(port)
  socket.write(`${method} ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
  await vi.waitFor(() => expect(api.waiting()).toBe(1), PATIENT)
  socket.destroy()
  await vi.waitFor(() => expect(api.waiting()).toBe(0), PATIENT)
})

test('stops waiting for a plan just submitted when the caller goes, and keeps the plan', async () => {
  const { port, api, url } = await aServer()
  const body = JSON.stringify(aSubmission())
  const socket = await rawConnection(port)
  socket.write(
    `POST /v1/plans HTTP/1.1\r\nHost: a\r\nPrefer: wait=600\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  await vi.waitFor(() => expect(api.waiting()).toBe(1), PATIENT)
  socket.destroy()
  await vi.waitFor(() => expect(api.waiting()).toBe(0), PATIENT)
  expect((await fetch(`${url}/v1/plans/p1x`)).status).toBe(200)
})

test('ends every wait at shutdown with what there is, and closes', async () => {
  const { app, url, api } = await aServer()
  api.addPlan('p1x')
  const plan = fetch(`${url}/v1/plans/p1x?wait=600`)
  const output = fetch(`${url}/v1/plans/p1x/tasks/security/output?timeout=600000`)
  const synthesis = fetch(`${url}/v1/plans/p1x/synthesis?wait=600`)
  const submitted = fetch(`${url}/v1/plans`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=600' },
    body: JSON.stringify(aSubmission()),
  })
  const events = await fetch(`${url}/v1/plans/p1x/events`)
  await vi.waitFor(() => expect(api.waiting()).toBe(5), PATIENT)
  await app.close()
  expect(await (await plan).json()).toMatchObject({ status: 'running' })
  expect(await (await output).json()).toMatchObject({ retrievalStatus: 'timeout' })
  expect((await synthesis).status).toBe(409)
  expect((await submitted).status).toBe(202)
  expect(await events.text()).toContain(': the service is stopping')
})

test('closes although callers keep their connections', async () => {
  const { app, port } = await aServer()
  const socket = await rawConnection(port)
  socket.write('GET /livez HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n')
  await once(socket, 'data')
  const closed = once(socket, 'close')
  await app.close()
  await closed
})

test('lets running calls end at shutdown, and refuses new ones with a problem', async () => {
  const { app, port, api } = await aServer()
  const plan = api.addPlan('p1x')
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  const cancel = vi.spyOn(api.plans, 'cancel').mockImplementation(async () => {
    await held
    return plan
  })
  // Half a request, begun before the shutdown: a connection that is not idle.
  const late = await rawConnection(port)
  late.write('GET /v1/plans/p1x HTTP/1.1\r\nHost: a\r\n')
  const running = await rawConnection(port)
  running.write('POST /v1/plans/p1x/cancel HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')
  await vi.waitFor(() => expect(cancel).toHaveBeenCalled(), PATIENT)
  const closed = app.close()
  late.write('\r\n')
  const refused = await readToEnd(late)
  expect(refused).toMatch(/^HTTP\/1\.1 503 /)
  expect(refused).toContain('/problems/unavailable')
  release()
  expect(await readToEnd(running)).toMatch(/^HTTP\/1\.1 200 /)
  await closed
})

test('hands out outputs no faster than a slow caller reads them', async () => {
  const { app, port, api } = await aServer()
  const connected = once(app.server, 'connection')
  api.addPlan('p1x')
  let read = 0
  api.onOutputRead = () => {
    read += 1
  }
  api.outputs = Array.from({ length: 20_000 }, () => ({
    ...OUTPUT_TASK,
    output: 'x'.repeat(1_000),
  }))
  const socket = await rawConnection(port)
  socket.pause()
  socket.write('GET /v1/plans/p1x/outputs HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  const [ours] = (await connected) as [Socket]
  let before = -1
  await vi.waitFor(
    () => {
      // It stands still because nothing more goes out, and not because this machine is busy.
      const isStill = read === before && ours.writableNeedDrain
      before = read
      expect(isStill).toBe(true)
    },
    { ...PATIENT, interval: 200 },
  )
  expect(read).toBeLessThan(api.outputs.length)
  socket.resume()
  await once(socket, 'end')
  expect(read).toBe(api.outputs.length)
})

test('serves hundreds of waiting callers at once', async () => {
  const { url, api } = await aServer()
  api.addPlan('p1x')
  const answers = Array.from({ length: 300 }, async () => {
    const response = await fetch(`${url}/v1/plans/p1x?wait=600`)
    return (await response.json()) as { status: string }
  })
  await vi.waitFor(() => expect(api.waiting()).toBe(300), PATIENT)
  api.finish('p1x')
  const statuses = new Set((await Promise.all(answers)).map(({ status }) => status))
  expect([...statuses]).toEqual(['succeeded'])
})
