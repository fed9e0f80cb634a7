import { once } from 'node:events'
import { expect, test } from 'vitest'
import { aServer, rawConnection } from './harness.ts'

test('closing waits for no connection on which nothing was ever sent', async () => {
  const { app, url, port } = await aServer()
  const silent = await rawConnection(port)
  const gone = once(silent, 'close')
  // Answered on another connection, so that the server has taken the first one.
  expect((await fetch(`${url}/livez`)).status).toBe(200)
  await app.close()
  await gone
})

test('nor for one that was kept alive after a stream that the closing ends', async () => {
  const { app, api, port } = await aServer()
  api.addPlan('p1x')
  const socket = await rawConnection(port)
  const gone = once(socket, 'close')
  socket.write('GET /v1/plans/p1x/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  let text = ''
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk)
    if (text.includes('event: snapshot')) break
  }
  socket.resume()
  await app.close()
  await gone
})
