import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ServiceError } from '../../core/contract/errors.ts'
import { HttpProblem, sendProblem } from '../problems/problem.ts'
import { type ApiKeys, type Caller, keyFinder, SCOPES, type Scope } from './api-keys.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller; set before the body is read, except on public routes. */
    caller: Caller | undefined
  }
  interface FastifyContextConfig {
    /**
     * The scope that a caller needs. By default `read` for GET and HEAD, `write` for other methods.
     */
    access?: Scope | 'public'
    /** Accepts a browser's password dialog, for pages that cannot send a header. */
    acceptsBasic?: boolean
    /** Called every few seconds by monitoring. */
    isProbe?: boolean
  }
}

/** Without keys there is one tenant, and anybody who reaches the service may do anything. */
const ANYONE: Caller = Object.freeze({ tenant: 'default', scopes: new Set(SCOPES) })

/** Identifies the caller before the body is read, and rejects what they may not do. */
export function addAuthentication(app: FastifyInstance, keys: ApiKeys | undefined): void {
  const findCaller = keys === undefined ? () => ANYONE : keyFinder(keys)
  app.decorateRequest('caller', undefined)
  app.addHook('onRequest', async (request, reply) => {
    const needed = accessOf(request)
    if (needed === 'public') return
    const key = keyOf(request)
    const caller = key === undefined && keys !== undefined ? undefined : findCaller(key ?? '')
    // Sent here rather than thrown, because a plugin's own error handler could turn it into a 500.
    if (caller === undefined) return sendProblem(notAuthenticated(request, key), request, reply)
    if (!caller.scopes.has(needed)) return sendProblem(notAllowed(needed), request, reply)
    request.caller = caller
  })
}

/** The tenant whose plans a request may access. */
export function tenantOf(request: FastifyRequest): string {
  if (request.caller === undefined) throw new Error('a public route has no tenant')
  return request.caller.tenant
}

function accessOf(request: FastifyRequest): Scope | 'public' {
  // Missing routes and allowed methods are not secret.
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
  // Browsers only ask for a password if Basic is offered.
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
