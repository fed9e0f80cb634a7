import { z } from 'zod'
import { PermanentError } from '../../core/contract/errors.ts'
import { checkOptions } from '../../core/contract/field-errors.ts'
import type { TaskSpec } from '../../core/contract/task-spec.ts'
import type { Executor, ExecutorDescription } from '../../core/ports/executor.ts'
import type { Programs } from '../../core/ports/programs.ts'
import type { Ladder, Rung } from './agent.ts'
import { resolveSetup } from './call-settings.ts'
import { isConfigured, modelProblem, PROVIDERS } from './models.ts'
import { type McpServer, ModelOptions, type ModelSetup } from './options.ts'
import { hasBatches } from './provider-batches/provider-client.ts'
import { FILE_TOOLS, mcpToolName, parseMcpTool, RUN_TOOL } from './tools/names.ts'

type Problem = { path: (string | number)[]; message: string }

/**
 * Runs tasks as agents on a language model. The AI SDK and the providers' packages are loaded with
 * the first task, so that a worker that never runs one starts without them.
 */
export function modelExecutor(
  options: ModelSetup & {
    /**
     * By name: letters, digits, dashes and single underscores. Their tools are
     * `mcp__<name>__<tool>`.
     */
    mcpServers?: Readonly<Record<string, McpServer>>
    /** Programs that the tool `run` may run. */
    programs?: Programs
  },
): Executor {
  const setup = resolveSetup(options)
  const { providers, defaultModel } = setup
  const { mcpServers = {}, programs } = options
  const available = PROVIDERS.some((provider) => isConfigured(provider, providers))

  // Whether a sandbox works is found out by creating one.
  const runs = once(() => programs !== undefined && programs.problem() === undefined)
  const description = once(
    (): ExecutorDescription => ({
      name: 'model',
      description:
        'An agent on a language model, with tools on the files of the workspace. Reports usage and cost.',
      available,
      ...(available
        ? {}
        : {
            reason:
              'No model provider is configured: set TUTTI_MODEL and the key or address of its provider.',
          }),
      tools: [
        ...FILE_TOOLS,
        ...(runs() ? [RUN_TOOL] : []),
        ...Object.keys(mcpServers).map((name) => mcpToolName(name, '*')),
      ],
      capabilities: {
        readsWorkspace: true,
        requiresWorkspace: false,
        writesWorkspace: true,
        usesModel: true,
        structuredOutput: true,
        resumes: true,
        readsMessages: true,
      },
      cost: 'counted',
      options: z.toJSONSchema(ModelOptions, { io: 'input' }),
    }),
  )

  return {
    name: 'model',
    lane: 'io',

    describe: description,

    validate(spec) {
      const problems: Problem[] = checkOptions(ModelOptions, spec.options)
      const model = spec.model ?? defaultModel
      if (model === undefined) {
        problems.push({
          path: ['model'],
          message: 'is required: no default model is configured; the operator can set TUTTI_MODEL',
        })
      } else {
        problems.push(...problemsWithModel(['model'], model))
      }
      for (const [index, name] of fallbacksOf(spec).entries()) {
        problems.push(...problemsWithModel(['options', 'fallbackModels', index], name))
      }
      for (const [index, name] of (spec.escalate ?? []).entries()) {
        problems.push(...problemsWithModel(['escalate', index], name))
      }
      for (const [index, tool] of (spec.tools ?? []).entries()) {
        if (!isTool(tool))
          problems.push({ path: ['tools', index], message: "is not one of this executor's tools" })
      }
      return problems
    },

    models(spec) {
      const model = spec.model ?? defaultModel
      const fallbacks = fallbacksOf(spec)
      return [
        ...(model === undefined ? [] : [{ path: ['model'], name: model }]),
        ...fallbacks.map((name, index) => ({ path: ['options', 'fallbackModels', index], name })),
        ...(spec.escalate ?? []).map((name, index) => ({ path: ['escalate', index], name })),
      ]
    },

    relaxes(spec, { hasWorkspace }) {
      const model = spec.model ?? defaultModel
      const tools = spec.tools ?? (hasWorkspace ? FILE_TOOLS : [])
      const given = tools.filter((name) => hasWorkspace || parseMcpTool(name) !== undefined)
      return model !== undefined && given.length === 0 && hasBatches(model)
    },

    // What programs and servers read is not known here.
    seesReads: ({ tools = [] }) =>
      !tools.some((name) => name === RUN_TOOL || parseMcpTool(name) !== undefined),

    async look(workspace, look, signal) {
      const { lookAgain } = await import('./tools/file-tools.ts')
      return lookAgain(workspace, look, signal)
    },

    async execute(request, context) {
      context.signal.throwIfAborted()
      const { spec } = request
      const { fallbackModels = [], ...rest } = ModelOptions.parse(spec.options ?? {})
      const ladder = ladderOf(spec, fallbackModels)
      const { runAgent } = await import('./agent.ts')
      return runAgent({ request, context, setup, mcpServers, programs, ladder, options: rest })
    },
  }

  function problemsWithModel(path: Problem['path'], name: string): Problem[] {
    const message = modelProblem(name, providers)
    return message === undefined ? [] : [{ path, message }]
  }

  function isTool(name: string): boolean {
    if (name === RUN_TOOL) return runs()
    const remote = parseMcpTool(name)
    return remote === undefined
      ? FILE_TOOLS.includes(name)
      : Object.hasOwn(mcpServers, remote.server)
  }

  /**
   * Checked again, because a worker may be configured differently from the process that accepted
   * the plan.
   */
  function ladderOf(spec: TaskSpec, fallbackModels: readonly string[]): Ladder {
    const model = spec.model ?? defaultModel
    const isUsable = (name: string) => modelProblem(name, providers) === undefined
    if (model === undefined || !isUsable(model)) {
      throw new PermanentError(
        'model-not-configured',
        'The model is not configured on this worker.',
      )
    }
    const fallbacks = fallbackModels.filter(isUsable)
    const escalation = (spec.escalate ?? []).filter(isUsable)
    return [[model, ...fallbacks], ...escalation.map((name): Rung => [name, ...fallbacks])]
  }
}

function fallbacksOf(spec: TaskSpec): string[] {
  return ModelOptions.safeParse(spec.options ?? {}).data?.fallbackModels ?? []
}

function once<T>(find: () => T): () => T {
  let found: { value: T } | undefined
  return () => {
    found ??= { value: find() }
    return found.value
  }
}
