import type { FastifyInstance } from 'fastify'

/** What an answer of the API may load when a browser shows it: nothing. */
const NOTHING = "default-src 'none'; frame-ancestors 'none'"

export const SECURITY_HEADERS = {
  'content-security-policy': NOTHING,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  // Nor may pages of other sites take it in as a script or an image. CORS is not affected.
  'cross-origin-resource-policy': 'same-origin',
  // Plans and outputs are the caller's own; nothing in between keeps a copy.
  'cache-control': 'no-store',
}

/**
 * The headers that every answer has. Pages replace the policy and the caching by their own.
 * Not here: Strict-Transport-Security, which belongs to what ends TLS in front of the service.
 */
export function addSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(SECURITY_HEADERS)
    done()
  })
}

/** The policy of a page that loads from this service alone; `extra` widens single directives. */
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
