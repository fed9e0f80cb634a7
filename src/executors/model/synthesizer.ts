import { z } from 'zod'
import { TransientError } from '../../core/contract/errors.ts'
import { Severity } from '../../core/contract/findings.ts'
import { Conflict } from '../../core/contract/synthesis.ts'
import type { ModelSynthesizer } from '../../core/ports/models.ts'
import { resolveSetup } from './call-settings.ts'
import type { ModelSetup } from './options.ts'
import { SYNTHESIS_INSTRUCTIONS, synthesisPrompt } from './synthesis-prompt.ts'

/** What the model is asked for. The caller checks the refs. */
const Draft = z.object({
  summary: z.string().min(1).describe('Markdown.'),
  findings: z.array(
    z.object({
      title: z.string().min(1),
      severity: Severity,
      confidence: z.number().min(0).max(1),
      category: z.string().optional(),
      file: z.string().optional(),
      line: z.int().min(1).optional(),
      detail: z.string(),
      recommendation: z.string().optional(),
      from: z.array(z.string()).describe('Refs of the findings that are in it: security/2.'),
    }),
  ),
  dropped: z.array(z.object({ finding: z.string(), reason: z.string() })),
  conflicts: z.array(Conflict),
  actions: z.array(
    z.object({
      action: z.string(),
      why: z.string(),
      findings: z.array(z.int().min(0)).describe('Indexes into `findings`, from 0.'),
    }),
  ),
})

/** Writes syntheses with a model, in one call each. */
export function modelSynthesizer(options: ModelSetup): ModelSynthesizer {
  const setup = resolveSetup(options)
  return {
    async synthesize(input, options) {
      const { askForData } = await import('./structured.ts')
      const own = input.outputSchema
      const jsonSchema = withData(own)
      const answer = await askForData(setup, {
        instructions: SYNTHESIS_INSTRUCTIONS,
        prompt: `${synthesisPrompt(input)}\n\n## Your answer\n\nJSON alone, by this JSON Schema:\n${JSON.stringify(jsonSchema)}`,
        schema: own === undefined ? Draft : Draft.extend({ data: z.unknown() }),
        jsonSchema,
        ...options,
      })
      const draft = { ...answer.value, usage: answer.usage, model: answer.model }
      if (own === undefined) return draft
      const data = 'data' in answer.value ? answer.value.data : undefined
      const read = await setup.schemas.read(own, JSON.stringify(data) ?? '')
      if (read.fits) return { ...draft, data: read.data }
      throw new TransientError('The data of the synthesis does not satisfy its schema.', {
        code: 'off-schema',
      })
    },
  }
}

/** The draft's schema, with the caller's own under `data`. */
function withData(own: Record<string, unknown> | undefined): Record<string, unknown> {
  const { $schema: _dialect, ...draft } = z.toJSONSchema(Draft, { io: 'input' })
  if (own === undefined) return draft
  const { $schema: _ownDialect, ...data } = own
  return {
    ...draft,
    properties: { ...draft.properties, data: moved(data) },
    required: [...(draft.required ?? []), 'data'],
  }
}

/** Adjusts the references of a schema that has become part of another one. */
function moved(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(moved)
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) =>
      key === '$ref' && typeof value === 'string' && value.startsWith('#')
        ? [key, `#/properties/data${value.slice(1)}`]
        : [key, moved(value)],
    ),
  )
}
