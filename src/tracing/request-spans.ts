import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'

/**
 * Records a span for each request, as part of the caller's trace if it sends one. Everything the
 * request does runs inside the span and is logged with its ids. Probes and scrapes are left out:
 * they come every few seconds and are of no interest. Register it before other hooks, so that
 * rejected requests are traced too.
 */
export function requestSpans(version: string): FastifyPluginAsync {
  const tracer = trace.getTracer('tutti', version)
  return fastifyPlugin(async (app) => {
    const contexts = new WeakMap<FastifyRequest, Context>()
    const inside = (request: FastifyRequest, done: () => void) =>
      context.with(contexts.get(request) ?? ROOT_CONTEXT, done)

    app.addHook('onRequest', (request, reply, done) => {
      if (request.routeOptions.config.isProbe === true) return done()
      const caller = propagation.extract(ROOT_CONTEXT, request.headers)
      const route = request.routeOptions.url
      const span = tracer.startSpan(
        route === undefined ? request.method : `${request.method} ${route}`,
        {
          kind: SpanKind.SERVER,
          attributes: {
            'http.request.method': request.method,
            'http.route': route,
            'url.scheme': request.protocol,
            // Without the query, which may contain a key by mistake.
            'url.path': request.url.split(/[?#;]/, 1)[0],
          },
        },
        caller,
      )
      // Comes last, even if the caller has disconnected.
      reply.raw.once('close', () => ended(span, request, reply))
      contexts.set(request, trace.setSpan(caller, span))
      inside(request, done)
    })
    // The events for a body and for the end of an answer have lost the request's context.
    app.addHook('preValidation', (request, _reply, done) => inside(request, done))
    app.addHook('onResponse', (request, _reply, done) => inside(request, done))
  })
}

function ended(span: Span, request: FastifyRequest, reply: FastifyReply): void {
  const { statusCode, raw } = reply
  span.setAttributes({
    'http.response.status_code': raw.headersSent ? statusCode : undefined,
    'tutti.tenant': request.caller?.tenant,
  })
  const error = raw.writableFinished ? `${statusCode}` : 'aborted'
  if (error === 'aborted' || statusCode >= 500) span.setAttribute('error.type', error)
  if (statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
  span.end()
}
