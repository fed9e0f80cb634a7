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
 * A span for each request, part of the caller's trace where it names one. Whatever the request has
 * done runs inside of it, and is logged with its ids. Probes and scrapes are left out: they come every
 * few seconds and say nothing. Registered before other hooks, so that what they refuse has one too.
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
            // Without the query: a key can stand there by mistake.
            'url.path': request.url.split(/[?#;]/, 1)[0],
          },
        },
        caller,
      )
      // Comes last, and for a caller that went away too.
      reply.raw.once('close', () => ended(span, request, reply))
      contexts.set(request, trace.setSpan(caller, span))
      inside(request, done)
    })
    // The events that bring a body, and those that end an answer, know nothing of the request.
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
