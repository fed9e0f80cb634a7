import { setTimeout as delay } from 'node:timers/promises'
import {
  context,
  DiagLogLevel,
  diag,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { parseTraceParent, setGlobalErrorHandler } from '@opentelemetry/core'
import {
  defaultResource,
  envDetector,
  hostDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources'
import { NodeSDK } from '@opentelemetry/sdk-node'
import type { Span, SpanStart, Tracer } from '../core/ports/tracing.ts'

/** What is left to send when a process ends may take this long, and is lost after it. */
const LAST_EXPORT_MS = 5_000

const KINDS: Record<NonNullable<SpanStart['kind']>, SpanKind> = {
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
}

export interface Telemetry {
  tracer: Tracer
  /** Ids of the step that runs now, named as log collectors look for them; none outside of any. */
  logFields(): { trace_id?: string; span_id?: string }
  /** Sends what is left, as far as that can be done in a few seconds. Never rejects. */
  close(): Promise<void>
}

/**
 * Starts OpenTelemetry's SDK for this process, or this thread. The SDK reads the standard `OTEL_…`
 * variables itself: where to, how, how much of it. Nothing that goes wrong with it reaches its
 * callers: `onFault` hears of it.
 */
export function openTelemetry(options: {
  /** Where `OTEL_SERVICE_NAME` does not say otherwise. */
  serviceName: string
  version: string
  /** An `Error` where spans could not be sent; a text where a variable makes no sense, and the like. */
  onFault: (fault: unknown) => void
}): Telemetry {
  const { serviceName, version, onFault } = options
  const sdk = new NodeSDK({
    resource: defaultResource().merge(
      resourceFromAttributes({ 'service.name': serviceName, 'service.version': version }),
    ),
    // Not the one for the process: its command line and user are nobody's business.
    resourceDetectors: [hostDetector, serviceInstanceIdDetector, envDetector],
    metricReaders: [],
    logRecordProcessors: [],
  })
  // After the SDK, which may have set its own: that one writes to the console.
  const toFault = (message: string) => onFault(message)
  const quiet = () => undefined
  diag.setLogger(
    { error: toFault, warn: toFault, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
  setGlobalErrorHandler(onFault)
  sdk.start()
  return {
    tracer: otelTracer(version),
    logFields() {
      const current = trace.getActiveSpan()?.spanContext()
      return current === undefined ? {} : { trace_id: current.traceId, span_id: current.spanId }
    },
    async close() {
      const timer = new AbortController()
      const late = delay(LAST_EXPORT_MS, undefined, { signal: timer.signal }).then(
        () => onFault(new Error('what was left was not taken in time')),
        () => undefined,
      )
      await Promise.race([sdk.shutdown().catch(onFault), late])
      timer.abort()
    },
  }
}

function otelTracer(version: string): Tracer {
  const tracer = trace.getTracer('tutti', version)
  return {
    isOn: true,
    span({ name, kind, parent, attributes }, run) {
      const remote = parent === undefined ? null : parseTraceParent(parent)
      const around =
        remote === null
          ? context.active()
          : trace.setSpanContext(ROOT_CONTEXT, { ...remote, isRemote: true })
      const span = tracer.startSpan(
        name,
        {
          kind: kind === undefined ? SpanKind.INTERNAL : KINDS[kind],
          attributes: attributes ?? {},
        },
        around,
      )
      return context.with(trace.setSpan(around, span), async () => {
        try {
          return await run(portOf(span))
        } catch (error) {
          failed(span, codeOf(error))
          throw error
        } finally {
          span.end()
        }
      })
    },
    traceparent() {
      const current = trace.getActiveSpan()?.spanContext()
      if (current === undefined || !trace.isSpanContextValid(current)) return undefined
      const flags = current.traceFlags.toString(16).padStart(2, '0')
      return `00-${current.traceId}-${current.spanId}-${flags}`
    },
  }
}

function portOf(span: OtelSpan): Span {
  return {
    set: (attributes) => span.setAttributes(attributes),
    fail: (code) => failed(span, code),
  }
}

function failed(span: OtelSpan, code: string): void {
  span.setAttribute('error.type', code)
  span.setStatus({ code: SpanStatusCode.ERROR })
}

/** Never the message: an error of a library can quote what it was given. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
