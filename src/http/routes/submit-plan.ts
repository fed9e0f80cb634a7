import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Api } from '../../core/contract/api.ts'
import type { Limits } from '../../core/contract/limits.ts'
import { isFinished } from '../../core/contract/status.ts'
import { SubmitPlan } from '../../core/contract/submission.ts'
import { Synthesis } from '../../core/contract/synthesis.ts'
import { DryRun, Plan } from '../../core/contract/views.ts'
import { answer, LOCATION } from '../openapi/documented-answer.ts'
import { SUBMISSIONS } from '../openapi/example-submissions.ts'
import { DRY_RUN, FINISHED_PLAN, PLAN } from '../openapi/examples.ts'
import { preferredWaitSeconds, SubmitHeaders, traceparentOf } from '../openapi/headers.ts'
import { SubmitQuery } from '../openapi/query.ts'
import { invalidRequest, problemAnswers } from '../problems/problem.ts'
import { validatorOfAllButBody } from '../problems/validation.ts'
import { tenantOf } from '../security/auth.ts'
import { JSON_TYPE, sendPieces, withMember } from '../streaming/pieces.ts'
import type { Waits } from '../streaming/waits.ts'

export interface SubmitRouteOptions {
  api: Pick<Api, 'plans' | 'syntheses'>
  limits: Limits
  waits: Waits
}

/**
 * A plan that was waited for. Its `synthesis` is the complete newest version, which has the same
 * `status` and `version` as the short form; without a synthesis it is the short form.
 */
export const FinishedPlan = Plan.extend({
  synthesis: z.union([Synthesis, Plan.shape.synthesis]),
}).meta({ id: 'FinishedPlan' })
export type FinishedPlan = z.output<typeof FinishedPlan>

const PREFERENCE_APPLIED = {
  type: 'string',
  description: '`wait=N`: the seconds granted, if a wait was requested.',
} as const
const REPLAYED = {
  type: 'string',
  description: '`true` if the `Idempotency-Key` named an existing plan.',
} as const

export const submitRoutes: FastifyPluginAsyncZod<SubmitRouteOptions> = async (
  app,
  { api, limits, waits },
) => {
  app.post(
    '/plans',
    {
      bodyLimit: limits.maxBodyBytes,
      // The body is validated where it is processed, on another thread if it is large.
      validatorCompiler: validatorOfAllButBody,
      schema: {
        operationId: 'submitPlan',
        tags: ['Plans'],
        summary: 'Submit a plan',
        description: [
          'Checks the whole plan, stores it and enqueues all of its tasks as one batch, all or none;',
          'answers as soon as the batch is durable. With `?dryRun=true` nothing is stored.',
          'With `Prefer: wait=30` the answer is the finished plan with its synthesis in full, if the',
          'plan ends in time. Repeating a request with the same `Idempotency-Key` is safe.',
        ].join(' '),
        headers: SubmitHeaders,
        querystring: SubmitQuery,
        body: SubmitPlan,
        response: {
          200: answer(
            'The dry run; or, with `Prefer: wait`, the finished plan with its synthesis.',
            z.union([FinishedPlan, DryRun]),
            {
              examples: {
                finished: { summary: 'With `Prefer: wait=30`', value: FINISHED_PLAN },
                dryRun: { summary: 'With `?dryRun=true`', value: DRY_RUN },
              },
              headers: { Location: LOCATION, 'Preference-Applied': PREFERENCE_APPLIED },
            },
          ),
          202: answer('The plan; its batch is durable.', Plan, {
            example: PLAN,
            headers: {
              Location: LOCATION,
              'Preference-Applied': PREFERENCE_APPLIED,
              'Idempotency-Replayed': REPLAYED,
            },
          }),
          ...problemAnswers(
            'invalid-request',
            'payload-too-large',
            'unsupported-media-type',
            'idempotency-key-reused',
            'overlapping-tasks',
            'goal-not-planned',
            'quota-exceeded',
          ),
        },
      },
      config: { bodyExamples: SUBMISSIONS },
    },
    async (request, reply) => {
      const body: unknown = request.body
      if (body === undefined) throw missingBody()
      const tenant = tenantOf(request)
      const { prefer, traceparent, 'idempotency-key': idempotencyKey } = request.headers
      const submission = { tenant, body, idempotencyKey, traceparent: traceparentOf(traceparent) }
      if (request.query.dryRun) return reply.code(200).send(await api.plans.dryRun(submission))

      const { plan, created } = await api.plans.submit(submission)
      reply.header('location', `/v1/plans/${plan.id}`)
      if (!created) reply.header('idempotency-replayed', 'true')
      const seconds = preferredWaitSeconds(prefer)
      if (seconds === undefined) return reply.code(202).send(plan)

      reply.header('preference-applied', `wait=${seconds}`)
      const wait = { timeoutMs: seconds * 1_000, signal: waits.signalFor(reply) }
      let latest = plan
      try {
        latest = await api.plans.get(tenant, plan.id, wait)
        if (isFinished(latest.status)) {
          if (latest.synthesis.version === 0) return reply.code(200).send(latest)
          const json = await api.syntheses.newest(tenant, latest.id)
          const { synthesis: _, ...rest } = latest
          const pieces = withMember(rest, 'synthesis', json)
          return await sendPieces(request, reply.code(200), JSON_TYPE, pieces)
        }
      } catch (error) {
        // The plan has been accepted, whatever happens to the wait: an error would make the caller
        // send it again.
        request.log.warn({ err: error, planId: plan.id }, 'wait for a new plan failed')
      }
      return reply.code(202).send(latest)
    },
  )
}

function missingBody() {
  return invalidRequest('The body must be a plan, as JSON.', [
    { pointer: '', detail: 'is required' },
  ])
}
