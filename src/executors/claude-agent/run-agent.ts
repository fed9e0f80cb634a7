import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PermanentError } from '../../core/contract/errors.ts'
import type { ModelGate } from '../../core/model-gate/gate.ts'
import type {
  ExecutionContext,
  ExecutionOutcome,
  ExecutionRequest,
} from '../../core/ports/executor.ts'
import { renderFullPrompt } from '../../core/text/prompt.ts'
import { instructionsFor, schemaRequest } from '../model/agent-prompt.ts'
import type { ReadOutput } from '../output/read-output.ts'
import { type AgentProcess, agentProcess } from './agent-process.ts'
import { type Ending, hopeless, outcomeOfEnding, refusalOf } from './ending.ts'
import { type FirstCall, takeTurn } from './first-call.ts'
import { readMessage } from './messages.ts'
import { type ClaudeAgentOptions, DEFAULT_MAX_STEPS } from './options.ts'
import { createProgress, type Progress } from './progress.ts'
import type { AgentOptions, AgentQuery, AgentSession } from './sdk.ts'
import { toolOptions } from './tools.ts'

/** How long an interrupted agent may take to report its usage. */
const GRACE_MS = 1_000
/** A schema is passed as a process argument, whose length is limited. */
const MAX_SCHEMA_CHARS = 100_000

export interface AgentRun {
  request: ExecutionRequest
  context: ExecutionContext
  query: AgentQuery
  options: ClaudeAgentOptions
  /** Per call; the SDK's own limit if undefined. */
  maxOutputTokens: number | undefined
  /** Without its provider; `undefined` means the SDK's default. */
  model: string | undefined
  apiKey: string | undefined
  baseUrl: string | undefined
  gate: ModelGate
  read: ReadOutput
  temporaryDir: string
}

/** Runs one task as one conversation of the Claude Agent SDK, and leaves nothing behind. */
export async function runAgent(run: AgentRun): Promise<ExecutionOutcome> {
  const { request, context, options } = run
  const { signal } = context
  const maxSteps = options.maxSteps ?? DEFAULT_MAX_STEPS
  const folder = await mkdtemp(join(run.temporaryDir, 'tutti-executor-'))
  const agent = agentProcess()
  let turn: FirstCall | undefined
  try {
    turn = await takeTurn(run.gate, `anthropic:${run.model ?? 'default'}`, signal)
    const settings = await settingsOf(run, folder, agent, maxSteps)
    signal.throwIfAborted()
    const progress = createProgress(context)
    const prompt = promptOf(request, settings)
    const begin = () => run.query({ prompt, options: settings })
    const ending = await listen({ begin, agent, progress, turn, signal })
    return await outcomeOfEnding(ending, { spec: request.spec, progress, maxSteps, read: run.read })
  } finally {
    await agent.end()
    const times = agent.coreTimes()
    if (times !== undefined) context.onCoreTimes?.(times)
    await turn?.end({ status: 'failed' })
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** A home folder, a temporary folder and, if the task has no files, a working folder of its own. */
async function settingsOf(
  run: AgentRun,
  folder: string,
  agent: AgentProcess,
  maxSteps: number,
): Promise<AgentOptions> {
  const { spec, workspace } = run.request
  const home = join(folder, 'home')
  const temporary = join(folder, 'tmp')
  const empty = join(folder, 'empty')
  await Promise.all([home, temporary, empty].map((path) => mkdir(path)))
  const cwd = await realpath(workspace?.root ?? empty)
  const tools = toolOptions(run.request, cwd)
  const schema = boundSchema(spec.outputSchema)
  return {
    cwd,
    env: environmentOf(run, home, temporary),
    ...(run.model === undefined ? {} : { model: run.model }),
    systemPrompt: instructionsFor({
      read: tools.tools.length > 0,
      write: tools.allowedTools !== undefined,
      report: false,
    }),
    ...tools,
    permissionMode: 'dontAsk',
    permissionPrompts: 'none',
    settingSources: [],
    strictMcpConfig: true,
    verbatimPrompts: true,
    persistSession: false,
    includePartialMessages: true,
    maxTurns: maxSteps,
    ...(run.options.budgetUsd === undefined ? {} : { maxBudgetUsd: run.options.budgetUsd }),
    ...(schema === undefined ? {} : { outputFormat: { type: 'json_schema', schema } }),
    spawnClaudeCodeProcess: (request) => agent.start(request),
  }
}

/** The agent process's entire environment. */
function environmentOf(
  { apiKey, baseUrl, maxOutputTokens }: AgentRun,
  home: string,
  temporary: string,
): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: home,
    CLAUDE_CONFIG_DIR: join(home, '.claude'),
    TMPDIR: temporary,
    CLAUDE_CODE_TMPDIR: temporary,
    // No telemetry and no updates.
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    ...(maxOutputTokens === undefined
      ? {}
      : { CLAUDE_CODE_MAX_OUTPUT_TOKENS: `${maxOutputTokens}` }),
    // Servers that stand in for Anthropic's may need no key, but the SDK always does.
    ANTHROPIC_API_KEY: apiKey ?? 'none',
    // The SDK appends the API version to the address itself.
    ...(baseUrl === undefined
      ? {}
      : { ANTHROPIC_BASE_URL: baseUrl.replace(/(?<!\/)\/+$/, '').replace(/\/v1$/, '') }),
  }
}

/**
 * A schema that the SDK can enforce. It turns the schema into a tool, whose input must be an
 * object.
 */
function boundSchema(schema: Record<string, unknown> | undefined) {
  if (schema?.type !== 'object') return undefined
  return JSON.stringify(schema).length > MAX_SCHEMA_CHARS ? undefined : schema
}

/** The prompt, including the schema in words if the SDK does not enforce it. */
function promptOf({ spec, sharedContext, prompt }: ExecutionRequest, options: AgentOptions) {
  const inWords = options.outputFormat === undefined ? spec.outputSchema : undefined
  const task = inWords === undefined ? prompt : `${prompt}\n\n${schemaRequest(inWords)}`
  return renderFullPrompt(sharedContext, task)
}

interface Conversation {
  begin(): AgentSession
  agent: AgentProcess
  progress: Progress
  turn: FirstCall
  signal: AbortSignal
}

/**
 * Reads a conversation to its end, or until an abort ends it.
 *
 * @throws {TransientError | PermanentError} If it is given up before that.
 */
async function listen({ begin, agent, progress, turn, signal }: Conversation): Promise<Ending> {
  const ending: Ending = { result: undefined, error: undefined, lastRetry: undefined }
  let session: AgentSession | undefined
  let timer: NodeJS.Timeout | undefined
  let givenUp: Error | undefined
  const onAbort = () => {
    timer = setTimeout(() => void agent.end(), GRACE_MS)
    session?.interrupt().catch(() => {})
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    session = begin()
    for await (const raw of session) {
      const message = readMessage(raw)
      switch (message?.type) {
        case 'stream_event':
          await turn.end({ status: 'ok' })
          progress.take(message.event)
          break
        case 'assistant':
          ending.error = message.error
          break
        case 'system': {
          ending.lastRetry = message
          const status = refusalOf(message) ?? 'failed'
          await turn.end({ status, retryAfterMs: message.retry_delay_ms })
          givenUp = hopeless(message)
          if (givenUp !== undefined) await agent.end()
          break
        }
        case 'result':
          ending.result = message
          progress.finish(message)
          break
        case undefined:
          break
      }
    }
  } catch {
    // The SDK throws after a result that is an error, and when its process is gone. Its message may
    // repeat what the provider wrote.
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
  signal.throwIfAborted()
  if (givenUp !== undefined) throw givenUp
  if (ending.result === undefined && !agent.wasStarted()) {
    throw new PermanentError('agent-not-installed', 'The Claude Agent SDK cannot run here.')
  }
  return ending
}
