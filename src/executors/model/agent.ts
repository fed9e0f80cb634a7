import { isStepCount, type ModelMessage, streamText } from 'ai'
import { isParking } from '../../core/budget/allowance.ts'
import { PermanentError } from '../../core/contract/errors.ts'
import { addUsage, NO_USAGE } from '../../core/contract/usage.ts'
import type {
  ExecutionContext,
  ExecutionOutcome,
  ExecutionRequest,
} from '../../core/ports/executor.ts'
import type { Programs } from '../../core/ports/programs.ts'
import { saidIn } from '../../core/read/step-views.ts'
import { AttemptAborted } from '../../core/run/running-tasks.ts'
import { estimateTokens } from '../../core/text/tokens.ts'
import { outcomeOf } from '../output/outcome.ts'
import { CALL_REQUEST, firstMessage, instructionsFor, repairRequest } from './agent-prompt.ts'
import { callSettings, candidatesFor, type ResolvedSetup } from './call-settings.ts'
import { type Candidate, createModelCaller, type ModelCaller } from './calls/model-caller.ts'
import { WORTH_WAITING_TOKENS } from './calls/prompt-cache.ts'
import { escalate } from './escalate.ts'
import { judge, type ReadAnswer, type Step } from './judge-answer.ts'
import { DEFAULT_MAX_STEPS, type McpServer, type ModelOptions } from './options.ts'
import { openRelaxed } from './provider-batches/open-relaxed.ts'
import { isSpokenCall } from './spoken-call.ts'
import { conversationName } from './steps/conversation-name.ts'
import { goingOn, NOT_KEPT } from './steps/going-on.ts'
import { type StepRecorder, stepRecorder } from './steps/step-recorder.ts'
import { FINDINGS_TOOL, findingsReport } from './tools/findings-tool.ts'
import { RUN_TOOL } from './tools/names.ts'
import { openTools } from './tools/open-tools.ts'
import { tracedTools } from './tools/traced-tools.ts'

// The SDK's warnings go to the console and may quote what a model or tool said.
globalThis.AI_SDK_LOG_WARNINGS = false

/**
 * How often a model is asked again, in the same conversation, if its answer does not match the
 * schema.
 */
const REPAIRS = 2

export interface AgentRequest {
  request: ExecutionRequest
  context: ExecutionContext
  setup: ResolvedSetup
  mcpServers: Readonly<Record<string, McpServer>>
  programs: Programs | undefined
  ladder: Ladder
  options: ModelOptions
}

/** A model and its fallbacks. */
export type Rung = [string, ...string[]]

/** A rung whose providers' packages are loaded. */
type Candidates = [Candidate, ...Candidate[]]

/** Each rung takes over if the previous one did not reach a complete answer. */
export type Ladder = [Rung, ...Rung[]]

/**
 * Runs one task to its end: calls the model, passes it the results of its tools, and judges its
 * answer.
 */
export async function runAgent(agent: AgentRequest): Promise<ExecutionOutcome> {
  const { request, context, setup, options } = agent
  const { spec, planId, sharedContext, prompt } = request
  const { signal } = context
  signal.throwIfAborted()

  const report = wantsFindings(request, options) ? findingsReport() : undefined
  let usage = NO_USAGE
  let text = ''
  let forget: (() => Promise<void>) | undefined
  let hasBegun = () => usage.steps > 0
  const opened = await openTools({
    ...request,
    mcpServers: agent.mcpServers,
    programs: agent.programs,
    reads: context.reads,
    signal,
  })
  try {
    const tools = tracedTools(setup.tracer, {
      ...opened.tools,
      ...(report === undefined ? {} : { [FINDINGS_TOOL]: report.tool }),
    })
    const ladder = await loaded(agent)
    const relaxed = await relaxedFor(agent, Object.keys(opened.tools).length > 0)
    forget = relaxed?.done
    const isLong = estimateTokens(sharedContext) >= WORTH_WAITING_TOKENS
    const callerOf = (candidates: Candidates): ModelCaller => {
      const before = usage
      let isNew = true
      return createModelCaller({
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
          const spoken = isNew && text !== '' ? `\n\n${piece}` : piece
          isNew = false
          text += spoken
          context.onText(spoken)
        },
        onUsage(latest, answeredBy) {
          usage = addUsage(before, latest)
          context.onUsage(usage, answeredBy)
        },
        onHeldBack: context.onHeldBack,
        allowance: context.allowance,
        relaxed,
      })
    }
    const { outputSchema } = spec
    const read = outputSchema && ((answer: string) => setup.schemas.read(outputSchema, answer))
    const instructions = instructionsFor({
      look: Object.keys(opened.tools).length > 0,
      read: 'read' in tools || 'list' in tools || 'grep' in tools || 'glob' in tools,
      write: 'write' in tools || 'edit' in tools || 'delete' in tools,
      run: RUN_TOOL in tools,
      report: report !== undefined,
    })
    const first = firstMessage({
      sharedContext,
      prompt,
      outputSchema: spec.outputSchema,
      marksPrefix: ladder.flat().some(({ provider }) => provider === 'anthropic'),
    })
    const { resume = true } = options
    const log = context.steps ?? NOT_KEPT
    const name = conversationName([instructions, first, Object.keys(tools), agent.ladder])
    const kept = goingOn(await log.resume(name, { anew: !resume }))
    text = saidIn(kept)
    hasBegun = () => usage.steps > 0 || kept.length > 0
    const recorder = stepRecorder({ log, steps: kept, tools, handsOver: resume })
    const about = {
      recorder,
      instructions,
      settings: callSettings({
        ...options,
        providers: setup.providers,
        cacheKey: planId,
      }),
      signal,
    }
    const maxSteps = options.maxSteps ?? DEFAULT_MAX_STEPS
    const steps: Step[] = []
    const outcome = await escalate(ladder, {
      start: [first],
      async tryOne(candidates, messages) {
        recorder.use(callerOf(candidates), ladder.indexOf(candidates))
        const talk = await converse(about, messages, maxSteps, read)
        steps.push(...talk.steps)
        const findings = report?.findings() ?? []
        const cut = recorder.cutByBudget()
        const judged = await judge(steps, { read, maxSteps, findings, cut, usage })
        return { outcome: judged, messages: talk.messages, isFinal: cut !== undefined }
      },
      onFailure(error, [{ name: to }]) {
        signal.throwIfAborted()
        recorder.throwIfOver()
        const code = error instanceof Error && 'code' in error ? error.code : undefined
        if (error instanceof AttemptAborted) throw error
        setup.log.warn({ planId, taskId: request.taskId, to, code }, 'escalation failed')
      },
    })
    // A model that was not available may still have cost something.
    await forget?.()
    return { ...outcome, usage }
  } catch (error) {
    // The reason for an abort takes precedence over errors that it caused.
    signal.throwIfAborted()
    if (!(error instanceof AttemptAborted)) await forget?.()
    // What it has done until then is kept.
    if (error instanceof PermanentError && isParking(error.code) && hasBegun()) {
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
 * What tasks must have in common to share a prefix. Providers place the tools and a response schema
 * before everything else, so a difference in either makes a different prefix.
 */
function prefixKey({ planId, spec }: ExecutionRequest, tools: string[]): string {
  return JSON.stringify([planId, tools, spec.outputSchema ?? null])
}

/** The batches for the calls of a task that is not urgent and has no tools. */
function relaxedFor({ request, context, setup }: AgentRequest, hasTools: boolean) {
  const { planId, taskId: caller } = request
  const { relaxed } = context
  return openRelaxed(setup, hasTools || !relaxed ? undefined : { ...relaxed, planId, caller })
}

/** Loads the providers' packages of all models in parallel. */
async function loaded({ ladder, setup }: AgentRequest): Promise<[Candidates, ...Candidates[]]> {
  const [first, ...others] = ladder
  const load = (models: Rung) => candidatesFor(models, setup.providers)
  return [await load(first), ...(await Promise.all(others.map(load)))]
}

interface Conversation {
  recorder: StepRecorder
  instructions: string
  settings: ReturnType<typeof callSettings>
  signal: AbortSignal
}

/** Converses until the model has answered, and again while its answer does not match the schema. */
async function converse(
  conversation: Conversation,
  start: ModelMessage[],
  maxSteps: number,
  readAnswer: ReadAnswer | undefined,
): Promise<{ steps: Step[]; messages: ModelMessage[] }> {
  const messages = [...start]
  const steps: Step[] = []
  let repairs = 0
  while (true) {
    const run = await runSteps(conversation, messages, maxSteps - steps.length)
    steps.push(...run.steps)
    messages.push(...run.messages)
    const last = steps.at(-1)
    if (last === undefined || last.finishReason !== 'stop') return { steps, messages }
    const hasSteps = steps.length < maxSteps
    // Messages that a person has sent meanwhile come before the next call.
    if (hasSteps && conversation.recorder.isAddressed()) continue
    const request = await repairOf(last.text, readAnswer)
    if (request === undefined || repairs === REPAIRS || !hasSteps) return { steps, messages }
    messages.push(request)
    repairs += 1
  }
}

/** The message that asks for another answer; `undefined` if this one is acceptable. */
async function repairOf(
  text: string,
  readAnswer: ReadAnswer | undefined,
): Promise<ModelMessage | undefined> {
  const read = await readAnswer?.(text)
  if (read?.fits === true) return undefined
  if (isSpokenCall(text)) return CALL_REQUEST
  return read === undefined ? undefined : repairRequest(read.problems)
}

async function runSteps(
  { recorder, instructions, settings, signal }: Conversation,
  messages: ModelMessage[],
  maxSteps: number,
): Promise<{ steps: Step[]; messages: ModelMessage[] }> {
  const result = streamText({
    ...settings,
    model: recorder.model,
    instructions,
    messages,
    tools: recorder.tools,
    stopWhen: isStepCount(maxSteps),
    abortSignal: signal,
    maxRetries: 0,
    // Errors are handled below; the default is to log them to the console.
    onError: () => {},
  })
  let hasFailed = false
  for await (const part of result.stream) {
    if (part.type === 'error' || part.type === 'abort') hasFailed = true
  }
  signal.throwIfAborted()
  if (hasFailed) {
    // The SDK's own errors quote prompts and answers, so none of them is passed on.
    throw recorder.failure() ?? new PermanentError('agent-failed', 'The agent loop failed.')
  }
  await recorder.finish()
  // Those of all steps: `response` has only the last one's.
  const [steps, said] = await Promise.all([result.steps, result.responseMessages])
  return { steps: [...steps], messages: [...said] }
}

/** Requested explicitly, or implied by the description of the output. */
function wantsFindings({ spec }: ExecutionRequest, options: ModelOptions): boolean {
  if (options.findings !== undefined) return options.findings
  if (spec.outputSchema !== undefined) return false
  return /\bfindings?\b/i.test(spec.outputFormat ?? spec.prompt ?? '')
}
