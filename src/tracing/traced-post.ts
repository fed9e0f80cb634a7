import type { Post } from '../core/deliver/webhooks.ts'
import type { Tracer } from '../core/ports/tracing.ts'

/** Each attempt at a delivery as a span of the plan's trace, which the receiver is told of. */
export function tracedPost(tracer: Tracer, post: Post): Post {
  return (url, delivery) =>
    tracer.span(
      {
        name: 'deliver webhook',
        kind: 'client',
        parent: delivery.traceparent,
        attributes: {
          'http.request.method': 'POST',
          // Only the host: paths and queries of webhooks are where their secrets are.
          'server.address': new URL(url).hostname,
          'tutti.webhook.id': delivery.id,
        },
      },
      async (span) => {
        const traceparent = tracer.traceparent() ?? delivery.traceparent
        const answer = await post(url, { ...delivery, traceparent })
        span.set({ 'http.response.status_code': answer.statusCode })
        if (answer.error !== undefined) span.fail(`${answer.statusCode ?? 'unreachable'}`)
        return answer
      },
    )
}
