import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { onTestFinished } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/core/contract/limits.ts'
import { type AppOptions, buildApp } from '../../src/http/app.ts'
import { type FakeApi, fakeApi } from '../support/fake-api.ts'

/** The app before a service in memory; answers that do not fit their schema fail. */
export async function anApp(
  options: Partial<Omit<AppOptions, 'api'>> = {},
): Promise<{ app: FastifyInstance; api: FakeApi }> {
  const limits = options.limits ?? DEFAULT_LIMITS
  const api = fakeApi(limits)
  const app = await buildApp({ checkAnswers: true, ...options, limits, api })
  onTestFinished(() => app.close())
  return { app, api }
}

/** The same, listening on its own port. */
export async function aServer(
  options: Partial<Omit<AppOptions, 'api'>> = {},
): Promise<{ app: FastifyInstance; api: FakeApi; url: string; port: number }> {
  const { app, api } = await anApp(options)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  return { app, api, url, port }
}

/** A connection on which a test says exactly what is sent. */
export async function rawConnection(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => {
    socket.destroy()
  })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** All that comes back until the other side closes. */
export async function readToEnd(socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}

export function aSubmission(extra: object = {}): object {
  return { title: 'A plan', tasks: [{ prompt: 'Say hello.', executor: 'echo' }], ...extra }
}
