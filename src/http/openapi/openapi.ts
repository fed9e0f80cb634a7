import swagger, { type SwaggerTransform, type SwaggerTransformObject } from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import type { OpenAPIV3_1 } from 'openapi-types'
import { pagePolicy } from '../security/security-headers.ts'
import { tidyDocument } from './components.ts'
import { DOCS_LOGO } from './docs-logo.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Example bodies for the OpenAPI document. */
    bodyExamples?: Record<string, { summary: string; value: unknown }>
    /** Whether the body may be omitted. */
    isBodyOptional?: boolean
  }
}

const DESCRIPTION = `
Tutti runs a plan of independent tasks as one batch, every task at once, each by a subagent of its
own, and merges what they found into one synthesis.

Submit a plan with \`POST /v1/plans\`. It is answered as soon as the batch is durable. Then wait for
it with \`?wait=30\`, follow it with \`GET /v1/plans/{planId}/events\`, or leave a webhook. The
[dashboard](/dashboard/) shows plans as they run, and writes new ones.

Times are ISO 8601 in UTC, durations end in \`Ms\`, money in \`Usd\`. Every error is a problem
document (RFC 9457) whose \`code\` never changes its meaning.
`.trim()

const TAGS = [
  { name: 'Plans', description: 'What a caller submits: tasks, policy, synthesis.' },
  { name: 'Tasks', description: 'Units of work, each for one subagent, and their outputs.' },
  { name: 'Syntheses', description: 'The final, versioned results of a plan.' },
  { name: 'Events', description: 'Every change of a plan, as it happens.' },
  { name: 'System', description: 'What runs here, and whether it does.' },
]

/** Collects all routes added after it in one OpenAPI document. */
export async function addOpenApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.1',
      info: {
        title: 'Tutti',
        version,
        description: DESCRIPTION,
        contact: { name: 'The maintainers of Tutti' },
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/', description: 'Where this document was read from.' }],
      tags: TAGS,
      // The empty one, because without configured keys none is required.
      security: [{ bearer: [] }, { apiKey: [] }, {}],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'An API key of a tenant.' },
          apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
        },
      },
    },
    hideUntagged: true,
    transform: documentRoute,
    transformObject: finishDocument,
  })
}

/** Serves the document and pages that show it. Call it after the routes have been added. */
export async function addDocs(app: FastifyInstance): Promise<void> {
  let document: string | undefined
  app.get('/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, (_, reply) => {
    document ??= JSON.stringify(app.swagger())
    return reply
      .type('application/json; charset=utf-8')
      .header('cache-control', 'no-cache')
      .send(document)
  })
  await app.register(async (pages) => {
    pages.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public' }
    })
    await pages.register(swaggerUi, {
      routePrefix: '/docs',
      // The bundle sets inline styles dynamically, which a nonce cannot cover.
      staticCSP: pagePolicy({ 'style-src': "'self' 'unsafe-inline'", 'font-src': "'self' data:" }),
      uiConfig: { deepLinking: true, tryItOutEnabled: true, validatorUrl: null },
      theme: { title: 'Tutti API' },
      logo: { type: 'image/svg+xml', content: DOCS_LOGO, href: '/dashboard/', target: '_self' },
    })
  })
}

/** Adds what Zod cannot express in a route's schema: examples, headers and optional bodies. */
const documentRoute: SwaggerTransform = (route) => {
  const { schema, url } = jsonSchemaTransform(route)
  if (schema === undefined || schema === null) return { schema, url }
  const declared = (route.schema?.response ?? {}) as Record<string, Answer>
  for (const [status, shown] of Object.entries((schema.response ?? {}) as Record<string, Answer>)) {
    const { headers, content } = declared[status] ?? {}
    if (headers !== undefined) shown.headers = headers
    for (const [type, { schema: _, ...examples }] of Object.entries(content ?? {})) {
      Object.assign(shown.content?.[type] ?? {}, examples)
    }
  }
  const { bodyExamples, isBodyOptional } = route.route?.config ?? {}
  // Passed along as an extension, because siblings of a reference are dropped on the way.
  if (bodyExamples !== undefined) {
    Object.assign(schema, { [BODY]: { examples: bodyExamples, required: !isBodyOptional } })
  }
  return { schema, url }
}

interface Answer {
  headers?: object
  content?: Record<string, { schema: unknown; example?: unknown; examples?: object }>
}

const BODY = 'x-body'

const finishDocument: SwaggerTransformObject = (route) => {
  const document = jsonSchemaTransformObject(route) as Partial<OpenAPIV3_1.Document>
  for (const operation of operationsOf(document)) {
    const { [BODY]: body, requestBody, parameters = [] } = operation
    delete operation[BODY]
    for (const parameter of parameters) {
      if (parameter.in === 'header') parameter.name = headerCase(parameter.name)
    }
    const media = requestBody?.content['application/json']
    if (body === undefined || requestBody === undefined || media === undefined) continue
    requestBody.required = body.required
    media.examples = body.examples
  }
  return tidyDocument(document)
}

interface Operation {
  [BODY]?: { examples: Record<string, OpenAPIV3_1.ExampleObject>; required: boolean }
  requestBody?: OpenAPIV3_1.RequestBodyObject
  parameters?: OpenAPIV3_1.ParameterObject[]
}

/** The usual spelling of headers: `Idempotency-Key`. */
function headerCase(name: string): string {
  if (name === 'last-event-id') return 'Last-Event-ID'
  return name.replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase())
}

function operationsOf(document: Partial<OpenAPIV3_1.Document>): Operation[] {
  return Object.values(document.paths ?? {}).flatMap(
    (path) => Object.values(path ?? {}) as object[],
  )
}
