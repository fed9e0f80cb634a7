import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { PlansApi } from '../core/api.ts'
import { Delivery } from '../core/webhooks.ts'
import { answer } from './answers.ts'
import { tenantOf } from './auth.ts'
import { DELIVERY } from './examples.ts'
import { PlanParams } from './params.ts'
import { problemAnswers } from './problem.ts'

const DeliveryList = z.object({ items: z.array(Delivery) }).meta({ id: 'DeliveryList' })

export const deliveryRoutes: FastifyPluginAsyncZod<{
  plans: Pick<PlansApi, 'deliveries'>
}> = async (app, { plans }) => {
  app.get(
    '/plans/:planId/deliveries',
    {
      schema: {
        operationId: 'listDeliveries',
        tags: ['Plans'],
        summary: "What became of telling the plan's webhook",
        description:
          'Every event that was sent or is to be sent, with each attempt: when, and what the receiver answered.',
        params: PlanParams,
        response: {
          200: answer('A delivery for each event, oldest first.', DeliveryList, {
            example: { items: [DELIVERY] },
          }),
          ...problemAnswers('plan-not-found'),
        },
      },
    },
    async (request, reply) => {
      const items = await plans.deliveries(tenantOf(request), request.params.planId)
      return reply.send({ items })
    },
  )
}
