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
