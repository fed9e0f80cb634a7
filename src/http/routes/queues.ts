import { createBullBoard } from '@bull-board/api'
import type { BaseAdapter } from '@bull-board/api/baseAdapter'
import { FastifyAdapter } from '@bull-board/fastify'
import type { FastifyInstance } from 'fastify'
import { invalidRequest, sendProblem } from '../problems/problem.ts'
import { pagePolicy } from '../security/security-headers.ts'

const PATH = '/queues'

/**
 * Bull Board: the queues as BullMQ sees them, for operators. Jobs only contain references, not the
 * prompts and outputs of plans.
 */
export async function addQueueBoard(
  app: FastifyInstance,
  queues: readonly BaseAdapter[],
): Promise<void> {
  const serverAdapter = new FastifyAdapter().setBasePath(PATH)
  createBullBoard({
    queues,
    serverAdapter,
    options: {
      uiConfig: {
        boardTitle: 'Tutti queues',
        hideRedisDetails: true,
        hideDocsLink: true,
        miscLinks: [{ text: 'Back to Tutti', url: '/dashboard/workers' }],
      },
    },
  })
  // Its page has one inline style.
  const policy = pagePolicy({ 'style-src': "'self' 'unsafe-inline'", 'base-uri': "'self'" })
  await app.register(
    async (board) => {
      board.addHook('onRoute', (route) => {
        route.config = { ...route.config, access: 'admin', acceptsBasic: true }
      })
      board.addHook('onRequest', async (_request, reply) => {
        reply.header('content-security-policy', policy)
      })
      // The page loads an optional font from another host, which should not learn who looks at queues.
      board.addHook('onSend', async (_request, reply, payload) =>
        typeof payload === 'string' && `${reply.getHeader('content-type')}`.includes('text/html')
          ? payload.replaceAll(/<link[^>]*href="https?:[^>]*>/g, '')
          : payload,
      )
      // The board would answer these with a 500.
      board.addHook('preHandler', async (request, reply) => {
        const query = Object.entries(request.query as Record<string, string | string[]>)
        const unreadable = query.find(([, value]) => [value].flat().some(isUnreadable))
        if (unreadable === undefined) return
        const pointer = `?${unreadable[0]}`
        const error = invalidRequest('The query cannot be read.', [
          { pointer, detail: 'must not hold control characters or a stray %' },
        ])
        return sendProblem(error, request, reply)
      })
      await board.register(serverAdapter.registerPlugin())
    },
    { prefix: PATH },
  )
}

/** The board decodes names once more than the router does. */
function isUnreadable(value: string): boolean {
  if (/\p{Cc}/u.test(value)) return true
  try {
    decodeURIComponent(value)
    return false
  } catch {
    return true
  }
}
