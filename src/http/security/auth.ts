import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ServiceError } from '../../core/contract/errors.ts'
import { HttpProblem, sendProblem } from '../problems/problem.ts'
import { type ApiKeys, type Caller, keyFinder, SCOPES, type Scope } from './api-keys.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls; set before the body is read, except on public routes. */
    caller: Caller | undefined
  }
  interface FastifyContextConfig {
    /** What a caller must be allowed to. By default `read` for GET and HEAD, `write` for the rest. */
    access?: Scope | 'public'
    /** Accepts a browser's own password dialog, for pages that cannot send a header. */
    acceptsBasic?: boolean
    /** Called every few seconds by something that watches the service. */
    isProbe?: boolean
  }
}

/** Without keys there is one tenant, and whoever reaches the service may do everything. */
const ANYONE: Caller = Object.freeze({ tenant: 'default', scopes: new Set(SCOPES) })

/** Finds out who calls, before the body is read, and refuses what they may not do. */
export function addAuthentication(app: FastifyInstance, keys: ApiKeys | undefined): void {
  const findCaller = keys === undefined ? () => ANYONE : keyFinder(keys)
  app.decorateRequest('caller', undefined)
  app.addHook('onRequest', async (request, reply) => {
    const needed = accessOf(request)
    if (needed === 'public') return
    const key = keyOf(request)
    const caller = key === undefined && keys !== undefined ? undefined : findCaller(key ?? '')
    // Answered here and not thrown: a plugin's own error handler must not turn it into a 500.
    if (caller === undefined) return sendProblem(notAuthenticated(request, key), request, reply)
    if (!caller.scopes.has(needed)) return sendProblem(notAllowed(needed), request, reply)
    request.caller = caller
  })
}

/** The tenant whose plans a request may see. */
export function tenantOf(request: FastifyRequest): string {
  if (request.caller === undefined) throw new Error('a public route has no tenant')
  return request.caller.tenant
}

function accessOf(request: FastifyRequest): Scope | 'public' {
  // Neither what is not served nor what a path allows is a secret.
  if (request.is404 || request.method === 'OPTIONS') return 'public'
  const { access } = request.routeOptions.config
  if (access !== undefined) return access
  return request.method === 'GET' || request.method === 'HEAD' ? 'read' : 'write'
}

function keyOf({ headers, routeOptions }: FastifyRequest): string | undefined {
  const [, scheme, credentials] = /^(\S+) +(\S+) *$/.exec(headers.authorization ?? '') ?? []
  if (credentials !== undefined && scheme?.toLowerCase() === 'bearer') return credentials
  if (credentials !== undefined && scheme?.toLowerCase() === 'basic') {
    if (routeOptions.config.acceptsBasic !== true) return undefined
    const pair = Buffer.from(credentials, 'base64').toString('utf8')
    return pair.slice(pair.indexOf(':') + 1)
  }
  const { 'x-api-key': apiKey } = headers
  return typeof apiKey === 'string' && apiKey !== '' ? apiKey : undefined
}

function notAuthenticated(request: FastifyRequest, key: string | undefined): HttpProblem {
  const error = key === undefined ? '' : ', error="invalid_token"'
  const challenges = [`Bearer realm="tutti"${error}`]
  // Browsers ask for a password only where Basic is offered.
  if (request.routeOptions.config.acceptsBasic) challenges.unshift('Basic realm="tutti"')
  return new HttpProblem(
    'unauthorized',
    key === undefined ? 'An API key is needed.' : 'The API key is not known.',
    { headers: { 'www-authenticate': challenges } },
  )
}

function notAllowed(needed: Scope): ServiceError {
  return new ServiceError('forbidden', `The API key lacks the scope "${needed}".`)
}
