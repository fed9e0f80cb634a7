import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { pathOf } from '../logging.ts'
import { HttpProblem } from '../problems/problem.ts'
import { pagePolicy } from '../security/security-headers.ts'

const PATH = '/dashboard'

/** Where the dashboard's build puts its files. */
export const DASHBOARD_DIR = fileURLToPath(new URL('../../../dashboard/dist', import.meta.url))

/** Served with a policy that allows nothing inline and nothing from elsewhere. */
const POLICY = pagePolicy()

const NOT_BUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Tutti: dashboard not built</title>
<h1>The dashboard is not built</h1>
<p>The service runs, but the files of its dashboard are not there. Build them once, then start the
service again:</p>
<pre>npm run build:dashboard</pre>
<p>The API works without it: see <a href="/docs">its documentation</a>.</p>
</html>
`

/**
 * The dashboard's files. Names under `assets/` contain a hash of their content, so they are cached
 * for a year; the page that refers to them is revalidated each time. The page is public and
 * contains no data: it asks for an API key and sends it along.
 */
export async function addDashboard(app: FastifyInstance, directory: string): Promise<void> {
  await app.register(
    async (pages) => {
      pages.addHook('onRoute', (route) => {
        route.config = { ...route.config, access: 'public' }
        route.schema = { ...route.schema, hide: true }
      })
      pages.addHook('onRequest', async (_request, reply) => {
        reply.header('content-security-policy', POLICY)
      })
      if (!existsSync(join(directory, 'index.html'))) {
        const notBuilt = (_request: FastifyRequest, reply: FastifyReply) =>
          reply.code(404).type('text/html; charset=utf-8').send(NOT_BUILT)
        pages.get('/', notBuilt)
        pages.get('/*', notBuilt)
        return
      }
      await pages.register(fastifyStatic, {
        root: directory,
        wildcard: false,
        serve: false,
        cacheControl: false,
        // The build puts a .br and a .gz next to each script and style.
        preCompressed: true,
      })
      pages.get('/', sendPage)
      pages.get('/*', (request, reply) => sendFile(request, reply, directory))
    },
    { prefix: PATH },
  )
}

function sendPage(_request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-cache').sendFile('index.html')
}

function sendFile(request: FastifyRequest, reply: FastifyReply, directory: string): FastifyReply {
  const { '*': path } = request.params as { '*': string }
  const isFile = path !== '' && !path.includes('..') && existsSync(join(directory, path))
  if (path.startsWith('assets/')) {
    if (!isFile) throw new HttpProblem('route-not-found', `There is no ${pathOf(request.url)}.`)
    return reply.header('cache-control', 'public, max-age=31536000, immutable').sendFile(path)
  }
  // A place inside the dashboard, handled by its own router.
  if (!isFile) return sendPage(request, reply)
  return reply.header('cache-control', 'no-cache').sendFile(path)
}
