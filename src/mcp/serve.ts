import { once } from 'node:events'
import { tutti } from '../client/index.ts'
import { serveHttp } from './http.ts'
import { serveStdio } from './stdio.ts'

export interface ServeOptions {
  url: string
  apiKey?: string | undefined
  /** Serves over HTTP on this port of the loopback, instead of the standard input and output. */
  http?: number | undefined
}

/** Serves until its client is gone, or over HTTP until a signal ends it. */
export async function serve({ url, apiKey, http }: ServeOptions): Promise<void> {
  // Few retries: an assistant should hear soon that the service is away.
  const service = { tutti: tutti({ baseUrl: url, apiKey, retries: 3 }), url }
  if (http === undefined) return serveStdio(service)
  const server = await serveHttp(service, http)
  process.stderr.write(`MCP at ${server.url}, for Tutti at ${url}\n`)
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  await server.close()
}
