import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { pathOf } from '../logging.ts'
import { HttpProblem } from './problem.ts'

/**
 * Answers requests without a route: 405 with `Allow` if the path exists for other methods,
 * otherwise 404. `OPTIONS` gets that header too. Call it before the routes are added.
 */
export function addNotFound(app: FastifyInstance): void {
  const methods = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    // A catch-all route, such as the one for preflights, says nothing about a path.
    if (url === '*') return
    const known = methods.get(url) ?? new Set()
    for (const name of [method].flat()) known.add(name)
    methods.set(url, known)
  })
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const path = pathOf(request.url)
    const allowed = new Set<string>()
    for (const [pattern, names] of methods) {
      if (matches(pattern, path)) for (const name of names) allowed.add(name)
    }
    if (allowed.size === 0) {
      throw new HttpProblem('route-not-found', `Nothing is served under ${path}.`)
    }
    const allow = [...allowed, 'OPTIONS'].toSorted().join(', ')
    if (request.method === 'OPTIONS') return reply.code(204).header('allow', allow).send()
    throw new HttpProblem('method-not-allowed', `${path} does not take ${request.method}.`, {
      headers: { allow },
    })
  })
}

/** `/v1/plans/:planId` matches `/v1/plans/p1` and `/v1/plans/p1/`; `*` matches the rest. */
function matches(pattern: string, path: string): boolean {
  const wanted = segments(pattern)
  const given = segments(path)
  const star = wanted.indexOf('*')
  if (star !== -1) return given.length > star && wanted.slice(0, star).every(same(given))
  return wanted.length === given.length && wanted.every(same(given))
}

function same(given: string[]): (segment: string, index: number) => boolean {
  return (segment, index) => segment.startsWith(':') || segment === given[index]
}

function segments(path: string): string[] {
  return path.replace(/\/$/, '').split('/')
}
