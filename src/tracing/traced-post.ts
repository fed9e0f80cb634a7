import type { Post } from '../core/deliver/webhooks.ts'
import type { Tracer } from '../core/ports/tracing.ts'

/** Records each delivery attempt as a span of the plan's trace, which is passed to the receiver. */
export function tracedPost(tracer: Tracer, post: Post): Post {
  return (url, delivery) =>
    tracer.span(
      {
        name: 'deliver webhook',
        kind: 'client',
        parent: delivery.traceparent,
        attributes: {
          'http.request.method': 'POST',
          // Only the host: webhooks' paths and queries often contain secrets.
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
