import { isIPv4 } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ServiceError } from '../../core/contract/errors.ts'
import { sendProblem } from '../problems/problem.ts'

const READING = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Prevents other sites' web pages from changing anything with what the browser adds automatically:
 * its place on the loopback if there are no keys, and a remembered password for `/queues`.
 */
export function addBrowserGuard(
  app: FastifyInstance,
  options: { allowedOrigins: readonly string[]; loopbackOnly: boolean },
): void {
  app.addHook('onRequest', async (request, reply) => {
    const reason = refusal(request, options)
    if (reason !== undefined) {
      return sendProblem(new ServiceError('forbidden', reason), request, reply)
    }
  })
}

function refusal(
  { method, headers }: FastifyRequest,
  options: { allowedOrigins: readonly string[]; loopbackOnly: boolean },
): string | undefined {
  // If an attacker's DNS resolves a name to the loopback address, their page is "same-origin".
  if (options.loopbackOnly && !isLoopback(headers.host)) {
    return 'Without API keys the service answers only under localhost or a loopback address.'
  }
  if (READING.has(method) || bringsItsKey(headers)) return undefined
  const { 'sec-fetch-site': site, origin } = headers
  if (origin !== undefined && options.allowedOrigins.includes(origin)) return undefined
  const isOurs =
    site === undefined
      ? origin === undefined || hostOf(origin) === headers.host
      : site === 'same-origin' || site === 'none'
  return isOurs ? undefined : 'Pages of other sites may not change anything here.'
}

/** Another site's page cannot have set these. */
function bringsItsKey(headers: FastifyRequest['headers']): boolean {
  return headers['x-api-key'] !== undefined || /^bearer /i.test(headers.authorization ?? '')
}

function hostOf(origin: string): string | undefined {
  return URL.parse(origin)?.host
}

function isLoopback(host: string | undefined): boolean {
  // HTTP/1.0 may omit it; browsers never do.
  if (host === undefined) return true
  const name = host.replace(/:\d*$/, '').toLowerCase()
  if (name === 'localhost' || name.endsWith('.localhost') || name === '[::1]') return true
  return isIPv4(name) && name.startsWith('127.')
}
