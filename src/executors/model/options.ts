import { z } from 'zod'
import type { Prices } from '../../core/budget/prices.ts'
import { ModelName } from '../../core/contract/task-spec.ts'
import type { ModelGate } from '../../core/model-gate/gate.ts'
import type { PrefixGate } from '../../core/model-gate/prefix-gate.ts'
import type { Tracer } from '../../core/ports/tracing.ts'
import type { SchemaChecks } from '../output/schema-checks.ts'
import type { OtherProvider, OtherSettings } from './other-providers.ts'
import type { BatchLane } from './provider-batches/lane.ts'

/** `task.options` of the executor `model`. */
export const ModelOptions = z.strictObject({
  maxSteps: z
    .int()
    .min(1)
    .max(1_000)
    .optional()
    .describe('How often the model may be called for one attempt; 30 by default.'),
  maxOutputTokens: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe('Tokens that one call of the model may write.'),
  effort: z
    .enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh'])
    .optional()
    .describe('How much the model should think; its own default if absent.'),
  temperature: z.number().min(0).max(2).optional(),
  seed: z.int().optional().describe('For reproducible answers, if the provider supports it.'),
  findings: z
    .boolean()
    .optional()
    .describe(
      'Whether to report findings as data. By default, if the task has no `outputSchema` and its output format or prompt mentions findings.',
    ),
  resume: z
    .boolean()
    .optional()
    .describe(
      'Whether an attempt continues after the last step of the previous one, if that was interrupted. True by default.',
    ),
  fallbackModels: z
    .array(ModelName)
    .max(5)
    .optional()
    .describe('Asked in this order when a model is not available; `provider:model`.'),
})
export type ModelOptions = z.output<typeof ModelOptions>

export interface Providers {
  anthropicApiKey?: string | undefined
  anthropicBaseUrl?: string | undefined
  openaiApiKey?: string | undefined
  openaiBaseUrl?: string | undefined
  /** Any server that speaks OpenAI's chat completions API. */
  localBaseUrl?: string | undefined
  others?: Partial<Record<OtherProvider, OtherSettings>> | undefined
}

/** An MCP server that the operator lets tasks use: a running one, or one to start for each task. */
export type McpServer =
  | { url: string; headers?: Record<string, string> }
  | { command: string; args?: string[]; env?: Record<string, string> }

/** For events only: no prompt, output or key. */
export interface ModelLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** What the operator configured for everything that calls models. */
export interface ModelSetup {
  providers: Providers
  /** Used if a task names no model; `undefined`: every task must name one. */
  defaultModel: string | undefined
  /** Shared by everything that calls models in this process, or in all processes. */
  gate?: ModelGate
  prefixes?: PrefixGate
  /** Where calls of plans that are not urgent go out together; without it they are made live. */
  batches?: BatchLane | undefined
  prices?: Prices
  tracer?: Tracer
  log?: ModelLog
  /** On this thread by default. */
  schemas?: SchemaChecks
}

export const DEFAULT_MAX_STEPS = 30
