import type { FastifyInstance } from 'fastify'

/** An API answer that is opened in a browser may load nothing. */
const NOTHING = "default-src 'none'; frame-ancestors 'none'"

export const SECURITY_HEADERS = {
  'content-security-policy': NOTHING,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  // Other sites' pages must not embed it as a script or an image. CORS is not affected.
  'cross-origin-resource-policy': 'same-origin',
  // Plans and outputs are private, so intermediaries must not cache them.
  'cache-control': 'no-store',
}

/**
 * The headers of every answer. Pages override the policy and the caching. Strict-Transport-Security
 * is missing on purpose: it belongs to whatever terminates TLS in front of the service.
 */
export function addSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(SECURITY_HEADERS)
    done()
  })
}

/** The policy of a page that only loads from this service; `extra` extends single directives. */
export function pagePolicy(extra: Record<string, string> = {}): string {
  const directives: Record<string, string> = {
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src': "'self'",
    'img-src': "'self' data:",
    'font-src': "'self'",
    'connect-src': "'self'",
    'manifest-src': "'self'",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
    ...extra,
  }
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources}`)
    .join('; ')
}
