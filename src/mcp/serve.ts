import { once } from 'node:events'
import { tutti } from '../client/index.ts'
import { serveHttp } from './http.ts'
import { serveStdio } from './stdio.ts'

export interface ServeOptions {
  url: string
  apiKey?: string | undefined
  /** Serves over HTTP on this loopback port instead of standard input and output. */
  http?: number | undefined
}

/** Serves until its client is gone, or over HTTP until a signal ends it. */
export async function serve({ url, apiKey, http }: ServeOptions): Promise<void> {
  // Few retries, because an assistant should soon learn that the service is down.
  const service = { tutti: tutti({ baseUrl: url, apiKey, retries: 3 }), url }
  if (http === undefined) return serveStdio(service)
  const server = await serveHttp(service, http)
  process.stderr.write(`MCP at ${server.url}, for Tutti at ${url}\n`)
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  await server.close()
}
