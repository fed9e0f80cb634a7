import { randomUUID } from 'node:crypto'
import type { BaseAdapter } from '@bull-board/api/baseAdapter'
import type { FastifyCorsOptions } from '@fastify/cors'
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
} from 'fastify'
import { serializerCompiler } from 'fastify-type-provider-zod'
import type { Api } from '../core/contract/api.ts'
import { ServiceError } from '../core/contract/errors.ts'
import type { Limits } from '../core/contract/limits.ts'
import { closeUnusedConnections } from './close-unused-connections.ts'
import { addJsonParser, PARSED_HERE_BYTES } from './json-body.ts'
import { RequestLog, safeLogger } from './logging.ts'
import { addDocs, addOpenApi } from './openapi/openapi.ts'
import { addNotFound } from './problems/not-found.ts'
import { sendProblem } from './problems/problem.ts'
import { problemPages } from './problems/problem-pages.ts'
import { answerBadHttp } from './problems/raw-problem.ts'
import { plainSerializer, validatorCompiler } from './problems/validation.ts'
import { addRoutes } from './routes/add-tasks.ts'
import { addDashboard, DASHBOARD_DIR } from './routes/dashboard.ts'
import { deliveryRoutes } from './routes/deliveries.ts'
import { eventRoutes } from './routes/events.ts'
import { executorRoutes } from './routes/executors.ts'
import { type Metrics, metricsRoute } from './routes/metrics.ts'
import { planRoutes } from './routes/plans.ts'
import { probeRoutes } from './routes/probes.ts'
import { addQueueBoard } from './routes/queues.ts'
import { stepRoutes } from './routes/steps.ts'
import { submitRoutes } from './routes/submit-plan.ts'
import { synthesisRoutes } from './routes/syntheses.ts'
import { taskRoutes } from './routes/tasks.ts'
import { workerRoutes } from './routes/workers.ts'
import type { ApiKeys } from './security/api-keys.ts'
import { addAuthentication } from './security/auth.ts'
import { addBrowserGuard } from './security/browser-guard.ts'
import { addSecurityHeaders, SECURITY_HEADERS } from './security/security-headers.ts'
import { createWaits } from './streaming/waits.ts'

export interface AppOptions {
  api: Api
  limits: Limits
  /** Without keys, anybody who reaches the service may do anything, as the tenant `default`. */
  keys?: ApiKeys | undefined
  /** Without it, nothing is logged. */
  log?: FastifyBaseLogger | undefined
  /** Rejects host names other than the loopback's; set if there are no keys. */
  loopbackOnly?: boolean
  /** Origins whose pages may call the API, such as `https://tools.example`. None by default. */
  corsOrigins?: readonly string[]
  /** The queues shown at `/queues`; without them, there is no such page. */
  queues?: readonly BaseAdapter[]
  metrics?: Metrics | undefined
  dashboardDir?: string
  /** Hooks that run before all others, and also see rejected requests. */
  tracing?: FastifyPluginAsync | undefined
  /** Hooks that run for every route once the caller is known, such as rate limits. */
  plugins?: readonly FastifyPluginAsync[]
  /** How often an idle event stream sends a heartbeat. */
  heartbeatMs?: number
  /** For tests: checks every answer against its schema; a mismatch becomes a 500. */
  checkAnswers?: boolean
  version?: string
}

const HEARTBEAT_MS = 15_000

/** How long a request may take to arrive, including its body. */
const REQUEST_TIMEOUT_MS = 300_000

/** The service's whole HTTP side, not yet listening. Closing it ends all waits and streams. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { api, limits, heartbeatMs = HEARTBEAT_MS, corsOrigins = [] } = options
  const waits = createWaits()
  const app = fastify({
    ...(options.log === undefined ? {} : { loggerInstance: safeLogger(options.log) }),
    logController: new RequestLog(),
    bodyLimit: PARSED_HERE_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    genReqId: requestId,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 500 },
    // Called before any hook: a path that cannot be decoded has no route.
    frameworkErrors: (error, request, reply) => {
      void sendProblem(error, request, reply.headers(SECURITY_HEADERS))
    },
    clientErrorHandler: answerBadHttp,
    // The hook below answers with a problem document.
    return503OnClosing: false,
  })
  if (options.tracing !== undefined) await app.register(options.tracing)
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(options.checkAnswers ? serializerCompiler : plainSerializer)
  app.setErrorHandler(sendProblem)
  addNotFound(app)
  addJsonParser(app)
  addSecurityHeaders(app)
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    if (!waits.closing) return
    const error = new ServiceError(
      'unavailable',
      'The service is shutting down.',
    ).withNothingBegun()
    return sendProblem(error, request, reply.header('connection', 'close'))
  })
  // Keep connections open only while there is somebody to serve them.
  app.addHook('onSend', async (_request, reply) => {
    if (waits.closing) reply.header('connection', 'close')
  })
  if (corsOrigins.length > 0) await app.register(import('@fastify/cors'), corsOptions(corsOrigins))
  addBrowserGuard(app, {
    allowedOrigins: corsOrigins,
    loopbackOnly: options.loopbackOnly ?? false,
  })
  addAuthentication(app, options.keys)
  for (const plugin of options.plugins ?? []) await app.register(plugin)

  await addOpenApi(app, options.version ?? '0.1.0')
  await app.register(
    async (v1) => {
      await v1.register(submitRoutes, { api, limits, waits })
      await v1.register(planRoutes, { plans: api.plans, waits })
      await v1.register(addRoutes, { plans: api.plans })
      await v1.register(taskRoutes, { tasks: api.tasks, waits })
      await v1.register(stepRoutes, { tasks: api.tasks })
      await v1.register(synthesisRoutes, { syntheses: api.syntheses, waits })
      await v1.register(eventRoutes, { api, waits, heartbeatMs })
      await v1.register(executorRoutes, { system: api.system })
      await v1.register(workerRoutes, { system: api.system })
      await v1.register(deliveryRoutes, { plans: api.plans })
    },
    { prefix: '/v1' },
  )
  await app.register(probeRoutes, { system: api.system })
  await app.register(problemPages)
  app.get('/', { config: { access: 'public' }, schema: { hide: true } }, async (_, reply) =>
    reply.redirect('/dashboard'),
  )
  if (options.metrics !== undefined) await app.register(metricsRoute, options.metrics)
  await addDocs(app)
  if (options.queues !== undefined) await addQueueBoard(app, options.queues)
  await addDashboard(app, options.dashboardDir ?? DASHBOARD_DIR)

  closeUnusedConnections(app)
  app.addHook('preClose', async () => waits.close())
  return app
}

/** A caller's own id is kept if it is harmless in logs and headers. */
function requestId(request: { headers: Record<string, string | string[] | undefined> }): string {
  const { 'x-request-id': given } = request.headers
  return typeof given === 'string' && /^[\w.:-]{1,100}$/.test(given) ? given : randomUUID()
}

function corsOptions(origins: readonly string[]): FastifyCorsOptions {
  return {
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'DELETE'],
    allowedHeaders: [
      'authorization',
      'content-type',
      'idempotency-key',
      'last-event-id',
      'prefer',
      'traceparent',
      'x-api-key',
      'x-request-id',
    ],
    exposedHeaders: [
      'idempotency-replayed',
      'location',
      'preference-applied',
      'ratelimit',
      'ratelimit-policy',
      'retry-after',
      'x-request-id',
    ],
    maxAge: 600,
  }
}
