import { tmpdir } from 'node:os'
import { z } from 'zod'
import { PermanentError } from '../../core/contract/errors.ts'
import { checkOptions } from '../../core/contract/field-errors.ts'
import type { TaskSpec } from '../../core/contract/task-spec.ts'
import type { ModelGate } from '../../core/model-gate/gate.ts'
import type { Executor, ExecutorDescription } from '../../core/ports/executor.ts'
import { estimateTokens } from '../../core/text/tokens.ts'
import { localModelGate } from '../model/calls/local-gate.ts'
import { parseModel } from '../model/models.ts'
import { type ReadOutput, readOutput } from '../output/read-output.ts'
import { withMoney } from './agent-money.ts'
import { ClaudeAgentOptions } from './options.ts'
import { type AgentQuery, loadSdk, sdkProblem } from './sdk.ts'
import { isTool, TOOLS } from './tools.ts'

export interface ClaudeAgentSetup {
  apiKey: string | undefined
  /** Another base URL that speaks Anthropic's API. */
  baseUrl: string | undefined
  /** `provider:model`; ignored if it names another provider. */
  defaultModel: string | undefined
  /** Shared by everything that calls models. */
  gate?: ModelGate | undefined
  /** Reads an agent's answer; on this thread by default. */
  read?: ReadOutput | undefined
  /** Replaces the SDK's `query`. */
  query?: AgentQuery
  /** The path from which the SDK's package is resolved; this file by default. */
  sdkFrom?: string
  /** Where agents' home folders are created; the system's temporary folder by default. */
  temporaryDir?: string
}

/**
 * Runs tasks as agents of the Claude Agent SDK, each in a process of its own, if the operator has
 * installed it. The package is loaded with the first task.
 */
export function claudeAgentExecutor(setup: ClaudeAgentSetup): Executor {
  const { apiKey, baseUrl, gate = localModelGate(), temporaryDir = tmpdir() } = setup
  const { read = async (...args) => readOutput(...args) } = setup
  const defaultModel =
    setup.defaultModel === undefined ? undefined : anthropicModel(setup.defaultModel)

  /** Checked once: something installed later only counts after a restart. */
  const missing = once(() => {
    if (setup.query === undefined) {
      const problem = sdkProblem(setup.sdkFrom)
      if (problem !== undefined) return { code: 'agent-not-installed', message: problem }
    }
    if (apiKey !== undefined || baseUrl !== undefined) return undefined
    return { code: 'model-not-configured', message: 'ANTHROPIC_API_KEY is not set.' }
  })

  const description = once((): ExecutorDescription => {
    const reason = missing()?.message
    return {
      name: 'claude-agent',
      description:
        'An agent of the Claude Agent SDK in its own process. Its tools work on the files of the workspace, and none runs programs. Reports usage and cost.',
      available: reason === undefined,
      ...(reason !== undefined && { reason }),
      tools: [...TOOLS],
      capabilities: {
        readsWorkspace: true,
        requiresWorkspace: false,
        writesWorkspace: true,
        usesModel: true,
        structuredOutput: true,
        resumes: false,
        readsMessages: false,
      },
      cost: 'counted',
      options: z.toJSONSchema(ClaudeAgentOptions, { io: 'input' }),
    }
  })

  return {
    name: 'claude-agent',
    lane: 'cpu',

    describe: description,

    validate(spec: TaskSpec) {
      const problems = checkOptions(ClaudeAgentOptions, spec.options)
      if (spec.model !== undefined && anthropicModel(spec.model) === undefined) {
        problems.push({ path: ['model'], message: 'must be one of `anthropic:`' })
      }
      for (const [index, tool] of (spec.tools ?? []).entries()) {
        if (!isTool(tool))
          problems.push({ path: ['tools', index], message: "is not one of this executor's tools" })
      }
      return problems
    },

    async execute(request, context) {
      context.signal.throwIfAborted()
      const { spec } = request
      // Checked again, because a worker may lack what the process that accepted the plan has.
      const problem = missing()
      if (problem !== undefined) throw new PermanentError(problem.code, problem.message)
      const query = setup.query ?? (await loadSdk(setup.sdkFrom))
      const { runAgent } = await import('./run-agent.ts')
      const options = ClaudeAgentOptions.parse(spec.options ?? {})
      const model = spec.model === undefined ? defaultModel : anthropicModel(spec.model)
      const money = {
        ownLimit: options.budgetUsd,
        model: `anthropic:${model ?? 'default'}`,
        promptTokens: estimateTokens(request.sharedContext) + estimateTokens(request.prompt),
      }
      return withMoney(context, money, ({ budgetUsd, maxOutputTokens }) =>
        runAgent({
          request,
          context,
          query,
          options: { ...options, budgetUsd },
          maxOutputTokens,
          model,
          apiKey,
          baseUrl,
          gate,
          read,
          temporaryDir,
        }),
      )
    },
  }
}

/** The model's name without the provider; `undefined` for another provider. */
function anthropicModel(name: string): string | undefined {
  const parsed = parseModel(name)
  return parsed?.provider === 'anthropic' && parsed.model !== '' ? parsed.model : undefined
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
