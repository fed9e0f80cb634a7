import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { SynthesesApi } from '../../core/contract/api.ts'
import { SynthesisSpec } from '../../core/contract/submission.ts'
import { Synthesis } from '../../core/contract/synthesis.ts'
import { answer, LOCATION } from '../openapi/documented-answer.ts'
import { SYNTHESIS } from '../openapi/examples.ts'
import { SynthesisHeaders } from '../openapi/headers.ts'
import { PlanParams, VersionParams } from '../openapi/params.ts'
import { WaitQuery } from '../openapi/query.ts'
import { problemAnswers } from '../problems/problem.ts'
import { tenantOf } from '../security/auth.ts'
import { JSON_TYPE, sendPieces, withItems } from '../streaming/pieces.ts'
import type { Waits } from '../streaming/waits.ts'
import { exported, FORMAT_TYPES, format } from './synthesis-formats.ts'

export interface SynthesisRouteOptions {
  syntheses: SynthesesApi
  waits: Waits
}

const SynthesisList = z.object({ items: z.array(Synthesis) }).meta({ id: 'SynthesisList' })

const REPLAYED = {
  type: 'string',
  description: '`true` if the `Idempotency-Key` named a version that had already been requested.',
} as const

const RequestedSynthesis = z
  .object({ version: z.int().min(1), links: z.record(z.string(), z.string()) })
  .meta({ id: 'RequestedSynthesis' })

export const synthesisRoutes: FastifyPluginAsyncZod<SynthesisRouteOptions> = async (
  app,
  { syntheses, waits },
) => {
  app.get(
    '/plans/:planId/synthesis',
    {
      schema: {
        operationId: 'getSynthesis',
        tags: ['Syntheses'],
        summary: 'Read the newest version of the synthesis, or wait for the first',
        description:
          'With `wait`, answers when there is a first version. `format` exports it: Markdown, SARIF, or its edits as a patch.',
        params: PlanParams,
        querystring: WaitQuery.extend({ format }),
        response: {
          200: exported(),
          ...problemAnswers(
            'invalid-request',
            'plan-not-found',
            'synthesis-not-ready',
            'synthesis-disabled',
          ),
        },
      },
    },
    async (request, reply) => {
      const { wait } = request.query
      const until =
        wait === undefined ? undefined : { timeoutMs: wait * 1_000, signal: waits.signalFor(reply) }
      const tenant = tenantOf(request)
      const { planId } = request.params
      const as = request.query.format
      const pieces = await syntheses.newest(tenant, planId, { wait: until, as })
      return sendPieces(request, reply, FORMAT_TYPES[as], pieces)
    },
  )

  app.get(
    '/plans/:planId/syntheses',
    {
      schema: {
        operationId: 'listSyntheses',
        tags: ['Syntheses'],
        summary: 'List all versions of the synthesis, oldest first',
        description:
          'A plan gets a version when its tasks have ended, another after each retry, and those that are requested.',
        params: PlanParams,
        response: {
          200: answer('All versions.', SynthesisList, { example: { items: [SYNTHESIS] } }),
          ...problemAnswers('plan-not-found'),
        },
      },
    },
    async (request, reply) => {
      const versions = await syntheses.all(tenantOf(request), request.params.planId)
      return sendPieces(request, reply, JSON_TYPE, withItems(versions))
    },
  )

  app.get(
    '/plans/:planId/syntheses/:version',
    {
      schema: {
        operationId: 'getSynthesisVersion',
        tags: ['Syntheses'],
        summary: 'Read one version of the synthesis',
        description: '`format` exports it: Markdown, SARIF, or its edits as a patch.',
        params: VersionParams,
        querystring: z.strictObject({ format }),
        response: {
          200: exported(),
          ...problemAnswers('invalid-request', 'plan-not-found', 'synthesis-not-found'),
        },
      },
    },
    async (request, reply) => {
      const { planId, version } = request.params
      const tenant = tenantOf(request)
      const as = request.query.format
      const pieces = await syntheses.get(tenant, planId, version, as)
      return sendPieces(request, reply, FORMAT_TYPES[as], pieces)
    },
  )

  app.post(
    '/plans/:planId/syntheses',
    {
      schema: {
        operationId: 'requestSynthesis',
        tags: ['Syntheses'],
        summary: 'Request another version of the synthesis, without running tasks',
        description:
          'With other instructions, another model or another schema. Without a body, as the plan was submitted. Repeating a request with the same `Idempotency-Key` is safe.',
        params: PlanParams,
        headers: SynthesisHeaders,
        body: SynthesisSpec.prefault({}),
        response: {
          202: answer('The version that will be written.', RequestedSynthesis, {
            example: {
              version: 2,
              links: { self: '/v1/plans/p00ff6m8vhp2rkc3a9x/syntheses/2' },
            },
            headers: { Location: LOCATION, 'Idempotency-Replayed': REPLAYED },
          }),
          ...problemAnswers(
            'invalid-request',
            'plan-not-found',
            'plan-not-finished',
            'budget-exceeded',
            'idempotency-key-reused',
            'payload-too-large',
            'unsupported-media-type',
          ),
        },
      },
      config: {
        isBodyOptional: true,
        bodyExamples: {
          shorter: {
            summary: 'Other instructions',
            value: { instructions: 'Only what must be fixed before the release.' },
          },
        },
      },
    },
    async (request, reply) => {
      const { planId } = request.params
      const { 'idempotency-key': key } = request.headers
      const tenant = tenantOf(request)
      const { version, created } = await syntheses.request(tenant, planId, request.body, key)
      if (!created) reply.header('idempotency-replayed', 'true')
      const self = `/v1/plans/${planId}/syntheses/${version}`
      return reply.code(202).header('location', self).send({ version, links: { self } })
    },
  )
}
