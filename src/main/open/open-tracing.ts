import type { FastifyPluginAsync } from 'fastify'
import { NO_TRACER, type Tracer } from '../../core/ports/tracing.ts'
import { VERSION } from '../../version.ts'
import type { Config } from '../config.ts'
import { createLog } from '../log.ts'

/** Faults that follow another of their kind within this time are counted instead of logged. */
const FAULTS_EVERY_MS = 60_000

export interface Tracing {
  tracer: Tracer
  /** Hooks for the HTTP server; absent without tracing. */
  requests?: FastifyPluginAsync
  /** Added to every log line; absent likewise. */
  logFields?: () => object
  close(): Promise<void>
}

/** Tracing for this process or thread. Without an endpoint the SDK is not even loaded. */
export async function openTracing(
  config: Config,
  part: 'api' | 'worker' | 'submissions',
): Promise<Tracing> {
  if (config.OTEL_EXPORTER_OTLP_ENDPOINT === undefined) {
    return { tracer: NO_TRACER, close: async () => undefined }
  }
  const [{ openTelemetry }, { requestSpans }] = await Promise.all([
    import('../../tracing/open-telemetry.ts'),
    import('../../tracing/request-spans.ts'),
  ])
  const telemetry = openTelemetry({
    // The thread for large bodies is part of the API.
    serviceName: part === 'worker' ? 'tutti-worker' : 'tutti-api',
    version: VERSION,
    onFault: faultLog(config, part),
  })
  return { ...telemetry, requests: requestSpans(VERSION) }
}

/** An unreachable collector fails every few seconds, which deserves a line now and then. */
function faultLog(config: Config, part: string): (fault: unknown) => void {
  const log = createLog(config, part)
  const sending = { next: 0, unsaid: 0 }
  const warning = { next: 0, unsaid: 0 }
  return (fault) => {
    const kind = fault instanceof Error ? sending : warning
    if (Date.now() < kind.next) {
      kind.unsaid += 1
      return
    }
    const { unsaid } = kind
    if (fault instanceof Error) log.warn({ err: fault, unsaid }, 'traces cannot be sent')
    else log.warn({ warning: String(fault), unsaid }, 'traces are not as they should be')
    kind.next = Date.now() + FAULTS_EVERY_MS
    kind.unsaid = 0
  }
}
