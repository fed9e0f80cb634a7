import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { pagePolicy } from '../security/security-headers.ts'
import { HttpProblem } from './problem.ts'
import { isProblemCode, PROBLEMS, type ProblemCode } from './problem-codes.ts'

const STYLE = 'body{font:1rem/1.5 system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem}'

/**
 * The pages that a problem document's `type` links to: what the code means, and what to do about
 * it.
 */
export const problemPages: FastifyPluginAsyncZod = async (app) => {
  const options = { config: { access: 'public' }, schema: { hide: true } } as const

  app.get('/problems', options, async (_request, reply) =>
    reply.header('cache-control', 'no-cache').send({
      items: Object.keys(PROBLEMS).map((code) => explanation(code as ProblemCode)),
    }),
  )

  app.get(
    '/problems/:code',
    { ...options, schema: { hide: true, params: z.object({ code: z.string() }) } },
    async (request, reply) => {
      const { code } = request.params
      if (!isProblemCode(code)) {
        throw new HttpProblem('route-not-found', 'There is no problem with this code.')
      }
      reply.headers({ 'cache-control': 'no-cache', vary: 'accept' })
      if (!prefersHtml(request.headers.accept)) return reply.send(explanation(code))
      return reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', pagePolicy({ 'style-src': "'unsafe-inline'" }))
        .send(pageOf(code))
    },
  )
}

function explanation(code: ProblemCode) {
  return { type: `/problems/${code}`, code, ...PROBLEMS[code] }
}

/** Browsers ask for HTML; programs accept anything or JSON. */
function prefersHtml(accept: string | undefined): boolean {
  return accept?.includes('text/html') ?? false
}

function pageOf(code: ProblemCode): string {
  const { status, title, meaning, remedy } = PROBLEMS[code]
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${STYLE}</style>
<h1>${title}</h1>
<p><code>${code}</code>, HTTP ${status}</p>
<p>${textWithCode(meaning)}</p>
<h2>What to do</h2>
<p>${textWithCode(remedy)}</p>
<p><a href="/docs">All of the API</a></p>
</html>
`
}

/** The texts are ours; only code in them needs formatting. */
function textWithCode(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/`([^`]+)`/g, '<code>$1</code>')
}
