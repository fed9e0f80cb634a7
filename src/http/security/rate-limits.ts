import rateLimit, { type RateLimitPluginOptions } from '@fastify/rate-limit'
import type { FastifyPluginAsync } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { ServiceError } from '../../core/contract/errors.ts'
import { sendProblem } from '../problems/problem.ts'

const WINDOW_SECONDS = 60

/**
 * Limits each tenant's requests per minute, across all API processes that share the Redis. Answers
 * have `RateLimit` and `RateLimit-Policy` as structured fields
 * (draft-ietf-httpapi-ratelimit-headers). Public routes and probes do not count; while Redis is
 * down nothing is limited.
 */
export function rateLimits(options: {
  redis: RateLimitPluginOptions['redis']
  /** The prefix of its keys in Redis. */
  prefix: string
  perMinute: number
}): FastifyPluginAsync {
  const { perMinute } = options
  return fastifyPlugin(async (app) => {
    await app.register(rateLimit, {
      global: false,
      redis: options.redis,
      nameSpace: `${options.prefix}:rate:`,
      max: perMinute,
      timeWindow: WINDOW_SECONDS * 1_000,
      skipOnError: true,
      keyGenerator: (request) => request.caller?.tenant ?? '',
    })
    const count = app.createRateLimit()
    app.addHook('onRequest', async (request, reply) => {
      if (request.caller === undefined || request.routeOptions.config.isProbe === true) return
      const state = await count(request)
      if (state.isAllowed) return
      // A counted request leaves less than the whole limit, so this one could not be counted.
      if (state.remaining === perMinute) return
      reply.header('ratelimit-policy', `"requests";q=${perMinute};w=${WINDOW_SECONDS}`)
      reply.header('ratelimit', `"requests";r=${state.remaining};t=${state.ttlInSeconds}`)
      if (!state.isExceeded) return
      const error = new ServiceError(
        'rate-limited',
        `This tenant may make ${perMinute} requests a minute, and has used them up.`,
        { retryAfterSeconds: Math.max(1, state.ttlInSeconds) },
      )
      return sendProblem(error, request, reply)
    })
  })
}
