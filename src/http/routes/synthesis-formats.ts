import { z } from 'zod'
import { Synthesis, SynthesisFormat } from '../../core/contract/synthesis.ts'
import { SYNTHESIS } from '../openapi/examples.ts'
import { JSON_TYPE } from '../streaming/pieces.ts'

export const format = SynthesisFormat.default('json').describe(
  'How to read it: as data, as Markdown for people, its findings as SARIF 2.1.0 for code scanning, or its edits as a patch for `git apply`.',
)

export const FORMAT_TYPES: Record<SynthesisFormat, string> = {
  json: JSON_TYPE,
  markdown: 'text/markdown; charset=utf-8',
  sarif: 'application/sarif+json; charset=utf-8',
  patch: 'text/x-diff; charset=utf-8',
}

/** The answer in all formats, for a route's schema. */
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
