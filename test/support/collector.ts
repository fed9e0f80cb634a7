import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A span as OTLP writes it in JSON, with its attributes as plain values. */
export interface CollectedSpan {
  traceId: string
  spanId: string
  parentSpanId: string | undefined
  name: string
  kind: string
  attributes: Record<string, unknown>
  failed: boolean
  /** `service.name` of the process that sent it. */
  service: string
  /** `service.instance.id` of that process. */
  instance: string
}

/** Accepts OTLP over HTTP like a collector; parses it if it is JSON. */
export interface Collector {
  url: string
  spans: CollectedSpan[]
  requests: { path: string; headers: Record<string, unknown>; body: Buffer }[]
  /** Resolves once the spans that there are satisfy the condition. */
  until(condition: (spans: CollectedSpan[]) => boolean): Promise<CollectedSpan[]>
  close(): Promise<void>
}

interface Attribute {
  key: string
  value: Record<string, unknown> & { arrayValue?: { values?: Record<string, unknown>[] } }
}
interface Export {
  resourceSpans: {
    resource: { attributes: Attribute[] }
    scopeSpans: {
      spans: {
        traceId: string
        spanId: string
        parentSpanId?: string
        name: string
        kind: number
        attributes: Attribute[]
        status: { code?: number }
      }[]
    }[]
  }[]
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']

/** `status`: what every export is answered with. */
export async function startCollector(status = 200): Promise<Collector> {
  const spans: CollectedSpan[] = []
  const requests: Collector['requests'] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      requests.push({ path: request.url ?? '', headers: request.headers, body })
      if (request.headers['content-type'] === 'application/json') {
        spans.push(...spansOf(JSON.parse(body.toString()) as Export))
      }
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
      server.emit('collected')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    requests,
    async until(condition) {
      while (!condition(spans)) await once(server, 'collected')
      return spans
    },
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function spansOf({ resourceSpans }: Export): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const about = plain(resource.attributes)
    return scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId,
        name: span.name,
        kind: KINDS[span.kind] ?? '',
        attributes: plain(span.attributes),
        failed: span.status.code === 2,
        service: String(about['service.name']),
        instance: String(about['service.instance.id']),
      })),
    )
  })
}

function plain(attributes: Attribute[]): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value: { arrayValue, ...value } }) => [
      key,
      arrayValue === undefined
        ? Object.values(value)[0]
        : (arrayValue.values ?? []).map((entry) => Object.values(entry)[0]),
    ]),
  )
}
