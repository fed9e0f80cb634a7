import { isStepCount, type ModelMessage, type StepResult, streamText, type ToolSet } from 'ai'
import { isParking } from '../../core/budget/allowance.ts'
import { PermanentError } from '../../core/contract/errors.ts'
import type { Finding } from '../../core/contract/findings.ts'
import { NO_USAGE } from '../../core/contract/usage.ts'
import { findingsInJson } from '../../core/findings/findings-in-json.ts'
import { withoutReasoning } from '../../core/findings/reasoning.ts'
import type {
  ExecutionContext,
  ExecutionOutcome,
  ExecutionRequest,
} from '../../core/ports/executor.ts'
import { estimateTokens } from '../../core/text/tokens.ts'
import { EMPTY, offSchema, outcomeOf, unfinished } from '../output/outcome.ts'
import type { ReadJson } from '../output/output-schema.ts'
import { firstMessage, instructionsFor, repairRequest } from './agent-prompt.ts'
import { callSettings, candidatesFor, type ResolvedSetup } from './call-settings.ts'
import { createModelCaller, type ModelCaller } from './calls/model-caller.ts'
import { WORTH_WAITING_TOKENS } from './calls/prompt-cache.ts'
import { DEFAULT_MAX_STEPS, type McpServer, type ModelOptions } from './options.ts'
import { FINDINGS_TOOL, findingsAsText, findingsReport } from './tools/findings-tool.ts'
import { openTools } from './tools/open-tools.ts'
import { tracedTools } from './tools/traced-tools.ts'

// Its warnings go to the console, and may quote what a model or a tool said.
globalThis.AI_SDK_LOG_WARNINGS = false

type Step = StepResult<ToolSet>

/** How often an answer that is off its schema is asked for again, in the same conversation. */
const REPAIRS = 2

export interface AgentRequest {
  request: ExecutionRequest
  context: ExecutionContext
  setup: ResolvedSetup
  mcpServers: Readonly<Record<string, McpServer>>
  models: [string, ...string[]]
  options: ModelOptions
}

/** Runs one task to its end: calls the model, gives it what its tools say, and judges its answer. */
export async function runAgent(agent: AgentRequest): Promise<ExecutionOutcome> {
  const { request, context, setup, options } = agent
  const { spec, planId, sharedContext, prompt } = request
  const { signal } = context
  signal.throwIfAborted()

  const report = wantsFindings(request, options) ? findingsReport() : undefined
  let usage = NO_USAGE
  let text = ''
  const opened = await openTools({ ...request, mcpServers: agent.mcpServers, signal })
  try {
    const tools = tracedTools(setup.tracer, {
      ...opened.tools,
      ...(report === undefined ? {} : { [FINDINGS_TOOL]: report.tool }),
    })
    const candidates = await candidatesFor(agent.models, setup.providers)
    const isLong = estimateTokens(sharedContext) >= WORTH_WAITING_TOKENS
    const caller = createModelCaller({
      candidates,
      gate: setup.gate,
      // A local server would only lose time.
      prefix:
        isLong && candidates[0].provider !== 'local'
          ? { gate: setup.prefixes, key: prefixKey(request, Object.keys(tools)) }
          : undefined,
      signal,
      prices: setup.prices,
      tracer: setup.tracer,
      log: setup.log,
      about: { planId, taskId: request.taskId },
      sharedTokens: estimateTokens(sharedContext),
      schema: spec.outputSchema,
      onText(piece) {
        text += piece
        context.onText(piece)
      },
      onUsage(latest, answeredBy) {
        usage = latest
        context.onUsage(latest, answeredBy)
      },
      onHeldBack: context.onHeldBack,
      allowance: context.allowance,
    })
    const { outputSchema } = spec
    const read = outputSchema && ((answer: string) => setup.schemas.read(outputSchema, answer))
    const conversation = {
      caller,
      tools,
      instructions: instructionsFor({
        look: Object.keys(opened.tools).length > 0,
        read: 'read' in tools || 'list' in tools || 'grep' in tools || 'glob' in tools,
        write: 'write' in tools || 'edit' in tools || 'delete' in tools,
        report: report !== undefined,
      }),
      settings: callSettings({
        maxOutputTokens: options.maxOutputTokens,
        providers: setup.providers,
        cacheKey: planId,
      }),
      signal,
    }
    const first = firstMessage({
      sharedContext,
      prompt,
      outputSchema: spec.outputSchema,
      marksPrefix: candidates.some(({ provider }) => provider === 'anthropic'),
    })
    const maxSteps = options.maxSteps ?? DEFAULT_MAX_STEPS
    const answer = await converse(conversation, [first], maxSteps, read)
    return await judge(answer, { read, maxSteps, findings: report?.findings() ?? [], caller })
  } catch (error) {
    // A reason to stop comes before whatever else went wrong because of it.
    signal.throwIfAborted()
    // What it has done until then is kept.
    if (error instanceof PermanentError && isParking(error.code) && usage.steps > 0) {
      const { code, message } = error
      const findings = report?.findings() ?? []
      return outcomeOf({ text: text.trim(), findings, reason: { code, message }, usage })
    }
    throw error
  } finally {
    await opened.close()
  }
}

/**
 * What tasks must have in common to send the same prefix. A provider is told of the tools before all
 * else, and of a schema that it is to bind the answer to, so that either makes it another prefix.
 */
function prefixKey({ planId, spec }: ExecutionRequest, tools: string[]): string {
  return JSON.stringify([planId, tools, spec.outputSchema ?? null])
}

/** Finds the JSON in an answer that is to satisfy the schema of the task. */
type ReadAnswer = (text: string) => Promise<ReadJson>

interface Conversation {
  caller: ModelCaller
  tools: ToolSet
  instructions: string
  settings: ReturnType<typeof callSettings>
  signal: AbortSignal
}

/** Talks until the model has answered, and again while its answer is off its schema. */
async function converse(
  conversation: Conversation,
  start: ModelMessage[],
  maxSteps: number,
  readAnswer: ReadAnswer | undefined,
): Promise<Step[]> {
  const messages = [...start]
  const steps: Step[] = []
  for (let repairs = 0; ; repairs += 1) {
    const run = await runSteps(conversation, messages, maxSteps - steps.length)
    steps.push(...run.steps)
    const last = steps.at(-1)
    if (readAnswer === undefined || last === undefined || last.finishReason !== 'stop') return steps
    const read = await readAnswer(last.text)
    if (read.fits || repairs === REPAIRS || steps.length >= maxSteps) return steps
    messages.push(...run.messages, repairRequest(read.problems))
  }
}

async function runSteps(
  { caller, tools, instructions, settings, signal }: Conversation,
  messages: ModelMessage[],
  maxSteps: number,
): Promise<{ steps: Step[]; messages: ModelMessage[] }> {
  const result = streamText({
    ...settings,
    model: caller.model,
    instructions,
    messages,
    tools,
    stopWhen: isStepCount(maxSteps),
    abortSignal: signal,
    maxRetries: 0,
    // Errors come to light below; the default writes them to the console.
    onError: () => {},
  })
  let hasFailed = false
  for await (const part of result.stream) {
    if (part.type === 'error' || part.type === 'abort') hasFailed = true
  }
  signal.throwIfAborted()
  if (hasFailed) {
    // The SDK's own errors quote prompts and answers, so none of them is passed on.
    throw caller.failure() ?? new PermanentError('agent-failed', 'The agent loop failed.')
  }
  const [steps, response] = await Promise.all([result.steps, result.response])
  return { steps: [...steps], messages: [...response.messages] }
}

async function judge(
  steps: readonly Step[],
  task: {
    read: ReadAnswer | undefined
    maxSteps: number
    findings: Finding[]
    caller: ModelCaller
  },
): Promise<ExecutionOutcome> {
  const { caller } = task
  const last = steps.at(-1)
  const usage = caller.usage()
  const answer = finalText(steps)
  // Some servers say that they have finished beside calls of tools that nobody answered any more.
  const finish = (last?.toolCalls.length ?? 0) > 0 ? 'tool-calls' : (last?.finishReason ?? 'other')
  const ending = unfinished(finish, last?.rawFinishReason, task.maxSteps)
  const reason = caller.cutByBudget() ?? ending
  if (reason !== undefined) {
    const text = answer === '' ? allText(steps) : answer
    return outcomeOf({ text, findings: task.findings, reason, usage })
  }
  if (task.read !== undefined) {
    const { findings } = task
    if (isSilent(last?.text)) return outcomeOf({ text: '', findings, reason: EMPTY, usage })
    const read = await task.read(last?.text ?? '')
    if (!read.fits) {
      return outcomeOf({ text: answer, findings, reason: offSchema(read.problems), usage })
    }
    const { text, data } = read
    const held = findings.length > 0 ? findings : findingsInJson(text)
    return outcomeOf({ text, data, findings: held, reason: undefined, usage })
  }
  const findings = task.findings.length > 0 ? task.findings : findingsInJson(answer)
  const text = isSilent(answer) ? `${answer}${findingsAsText(findings)}` : answer
  return outcomeOf({ text, findings, reason: isSilent(text) ? EMPTY : undefined, usage })
}

/** Whether a model said nothing, or only thought aloud. */
function isSilent(text: string | undefined): boolean {
  return text !== undefined && withoutReasoning(text).text.trim() === ''
}

/**
 * The last answer. Some models write it beside the call that reports their findings and have nothing
 * to add after it: what stands there belongs to it.
 */
function finalText(steps: readonly Step[]): string {
  const texts: string[] = []
  for (const step of steps.toReversed()) {
    const isLast = texts.length === 0
    const onlyReports = step.toolCalls.every(({ toolName }) => toolName === FINDINGS_TOOL)
    if (!isLast && (!onlyReports || step.toolCalls.length === 0)) break
    texts.unshift(step.text.trim())
  }
  return texts.filter((text) => text !== '').join('\n\n')
}

function allText(steps: readonly Step[]): string {
  return steps
    .map(({ text }) => text.trim())
    .filter((text) => text !== '')
    .join('\n\n')
}

/** Asked for in so many words, or by what the output is to look like. */
function wantsFindings({ spec }: ExecutionRequest, options: ModelOptions): boolean {
  if (options.findings !== undefined) return options.findings
  if (spec.outputSchema !== undefined) return false
  return /\bfindings?\b/i.test(spec.outputFormat ?? spec.prompt ?? '')
}
