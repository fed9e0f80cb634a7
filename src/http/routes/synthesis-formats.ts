import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { Synthesis } from '../../core/contract/synthesis.ts'
import { synthesisMarkdown } from '../../core/export/export-markdown.ts'
import { synthesisSarif } from '../../core/export/export-sarif.ts'
import { SYNTHESIS } from '../openapi/examples.ts'

export const format = z
  .enum(['json', 'markdown', 'sarif', 'patch'])
  .default('json')
  .describe(
    'How to read it: as data, as Markdown for people, its findings as SARIF 2.1.0 for code scanning, or its edits as a patch for `git apply`.',
  )
export type Format = z.output<typeof format>

const TYPES: Record<Format, string> = {
  json: 'application/json; charset=utf-8',
  markdown: 'text/markdown; charset=utf-8',
  sarif: 'application/sarif+json; charset=utf-8',
  patch: 'text/x-diff; charset=utf-8',
}

/** The answer in all its formats, for a route's schema. */
export function exported() {
  return {
    description: 'The synthesis.',
    content: {
      'application/json': { schema: Synthesis, example: SYNTHESIS },
      'text/markdown': { schema: z.string(), example: '# Review\n\n2 findings …' },
      'application/sarif+json': {
        schema: z.record(z.string(), z.unknown()),
        example: { version: '2.1.0', runs: [] },
      },
      'text/x-diff': { schema: z.string(), example: 'diff --git a/src/login.ts b/src/login.ts\n' },
    },
  }
}

/** A synthesis without edits is an empty patch. */
export async function sendAs(
  reply: FastifyReply,
  as: Format,
  synthesis: Synthesis,
  title: () => Promise<string>,
): Promise<FastifyReply> {
  reply.type(TYPES[as])
  switch (as) {
    case 'json':
      return reply.send(synthesis)
    case 'markdown':
      return reply.send(synthesisMarkdown(synthesis, await title()))
    case 'sarif':
      return reply.send(JSON.stringify(synthesisSarif(synthesis)))
    case 'patch':
      return reply.send(synthesis.edits?.patch ?? '')
  }
}
