import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { PlansApi } from '../../core/contract/api.ts'
import { Delivery } from '../../core/contract/delivery.ts'
import { answer } from '../openapi/documented-answer.ts'
import { DELIVERY } from '../openapi/examples.ts'
import { PlanParams } from '../openapi/params.ts'
import { problemAnswers } from '../problems/problem.ts'
import { tenantOf } from '../security/auth.ts'

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
        summary: "List the deliveries to the plan's webhook",
        description:
          "Every event sent or still to be sent, with each attempt: when, and the receiver's answer.",
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
