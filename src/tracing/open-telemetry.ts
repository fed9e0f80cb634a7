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

/** How long a process may take at its end to send what is left, which is lost after that. */
const LAST_EXPORT_MS = 5_000

const KINDS: Record<NonNullable<SpanStart['kind']>, SpanKind> = {
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
}

export interface Telemetry {
  tracer: Tracer
  /**
   * Ids of the current span, under the names that log collectors look for; empty outside of any.
   */
  logFields(): { trace_id?: string; span_id?: string }
  /** Sends what is left, as far as possible within a few seconds. Never rejects. */
  close(): Promise<void>
}

/**
 * Starts OpenTelemetry's SDK for this process or thread. The SDK reads the standard `OTEL_…`
 * variables itself: where to send spans, how, and how many. None of its errors reach callers;
 * `onFault` gets them.
 */
export function openTelemetry(options: {
  /** The default for `OTEL_SERVICE_NAME`. */
  serviceName: string
  version: string
  /** An `Error` if spans could not be sent; a text for an invalid variable and the like. */
  onFault: (fault: unknown) => void
}): Telemetry {
  const { serviceName, version, onFault } = options
  const sdk = new NodeSDK({
    resource: defaultResource().merge(
      resourceFromAttributes({ 'service.name': serviceName, 'service.version': version }),
    ),
    // Without the process detector: the command line and the user are private.
    resourceDetectors: [hostDetector, serviceInstanceIdDetector, envDetector],
    metricReaders: [],
    logRecordProcessors: [],
  })
  // After the SDK, which may have set its own logger, which writes to the console.
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

/** Never the message: a library's error may quote its input. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
