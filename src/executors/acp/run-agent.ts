import { Readable, Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import {
  type ClientConnection,
  client,
  methods,
  ndJsonStream,
  PROTOCOL_VERSION,
  RequestError,
  type StopReason,
} from '@agentclientprotocol/sdk'
import { type Failure, PermanentError, TransientError } from '../../core/contract/errors.ts'
import { writesOf } from '../../core/contract/files-written.ts'
import type {
  ExecutionContext,
  ExecutionOutcome,
  ExecutionRequest,
} from '../../core/ports/executor.ts'
import { renderFullPrompt } from '../../core/text/prompt.ts'
import { pause } from '../../core/timing/pause.ts'
import { schemaRequest } from '../model/agent-prompt.ts'
import { writeScope } from '../model/tools/write-tools.ts'
import { EMPTY, unfinished } from '../output/outcome.ts'
import type { ReadOutput } from '../output/read-output.ts'
import { WORKSPACE } from '../sandbox/bubblewrap.ts'
import type { Outside } from '../sandbox/proxy.ts'
import { type SandboxedProcess, startSandboxed } from '../sandbox/run-sandboxed.ts'
import { servedFiles } from './files.ts'
import type { AcpAgent, Permissions } from './options.ts'
import { permissionFor } from './permission.ts'
import { createProgress, type Progress } from './progress.ts'
import { type Terminals, terminals } from './terminals.ts'

/** Defined by the protocol: the agent requires a login first. */
const AUTH_REQUIRED = -32_000
const INVALID_PARAMS = -32_602
/** How long an agent's process may take to end after its connection broke. */
const GRACE_MS = 1_000

export interface AgentRun {
  request: ExecutionRequest
  context: ExecutionContext
  /** Path of `bwrap`. */
  sandbox: string
  name: string
  agent: AcpAgent
  permissions: Permissions
  read: ReadOutput
  outside?: Outside | undefined
}

/** Runs one task as one session of an agent in a sandbox, and leaves nothing behind. */
export async function runAgent(run: AgentRun): Promise<ExecutionOutcome> {
  const { request, context, agent } = run
  const { spec, workspace, traceparent } = request
  const { signal } = context
  const over = new AbortController()
  const like = {
    sandbox: run.sandbox,
    confinement: agent,
    workspace,
    signal: AbortSignal.any([signal, over.signal]),
    outside: run.outside,
    onCoreTimes: context.onCoreTimes,
    ...(traceparent === undefined ? {} : { env: { TRACEPARENT: traceparent } }),
  }
  const progress = await createProgress(context, `acp:${run.name}`, (error) => over.abort(error))
  const process = await startSandboxed({ ...like, command: agent.command })
  const served = terminals(like)
  const connection = connect(run, process, progress, served)
  const cancel = { session: () => {} }
  const onAbort = () => cancel.session()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    const stopReason = await Promise.race([
      converse(connection, agent, promptOf(request), progress, (session) => {
        cancel.session = () =>
          void connection.agent
            .notify(methods.agent.session.cancel, { sessionId: session })
            .catch(() => {})
      }).catch((error: unknown) => brokenOff(error, connection, process, like.signal)),
      endedEarly(process),
    ])
    // Notifications that arrived before the answer are delivered shortly after it.
    await setImmediate()
    await progress.finish()
    signal.throwIfAborted()
    return await outcomeOf(run, stopReason, progress)
  } catch (error) {
    signal.throwIfAborted()
    if (over.signal.aborted) throw over.signal.reason
    throw failureOf(error)
  } finally {
    signal.removeEventListener('abort', onAbort)
    over.abort(new Error('the session is over'))
    connection.close()
    await Promise.all([process.ended.catch(() => {}), served.close()])
    const stderr = process.stderr()
    if (stderr !== '') context.onStderr?.(stderr)
  }

  function promptOf({ sharedContext, prompt }: ExecutionRequest): string {
    const schema = spec.outputSchema
    const task = schema === undefined ? prompt : `${prompt}\n\n${schemaRequest(schema)}`
    return renderFullPrompt(sharedContext, task)
  }
}

function connect(
  { request, permissions }: AgentRun,
  process: SandboxedProcess,
  progress: Progress,
  served: Terminals,
): ClientConnection {
  const { spec, workspace } = request
  const writable = workspace?.writable === true
  const files = servedFiles(workspace, writeScope(writesOf(spec)))
  const { fs, session, terminal } = methods.client
  const stream = ndJsonStream(
    Writable.toWeb(process.stdin) as WritableStream<Uint8Array>,
    Readable.toWeb(process.stdout) as ReadableStream<Uint8Array>,
  )
  return client({ name: 'tutti' })
    .onNotification(session.update, ({ params }) => progress.take(params.update))
    .onRequest(session.requestPermission, ({ params }) => {
      // Some agents report a call only when they ask for permission.
      progress.take({ sessionUpdate: 'tool_call_update', ...params.toolCall })
      return permissionFor(params, { permissions, writable })
    })
    .onRequest(fs.readTextFile, ({ params }) => files.read(params))
    .onRequest(fs.writeTextFile, ({ params }) => files.write(params))
    .onRequest(terminal.create, ({ params }) => served.create(params))
    .onRequest(terminal.output, ({ params }) => served.output(params.terminalId))
    .onRequest(terminal.waitForExit, ({ params }) => served.waitForExit(params.terminalId))
    .onRequest(terminal.kill, ({ params }) => served.kill(params.terminalId))
    .onRequest(terminal.release, ({ params }) => served.release(params.terminalId))
    .connect(stream)
}

async function converse(
  { agent }: ClientConnection,
  { serveFiles }: AcpAgent,
  prompt: string,
  progress: Progress,
  onSession: (sessionId: string) => void,
): Promise<StopReason> {
  const { protocolVersion } = await agent.request(methods.agent.initialize, {
    protocolVersion: PROTOCOL_VERSION,
    clientCapabilities: {
      fs: { readTextFile: serveFiles, writeTextFile: serveFiles },
      terminal: true,
    },
  })
  if (protocolVersion !== PROTOCOL_VERSION) {
    const message = `The agent speaks version ${protocolVersion} of the protocol, not ${PROTOCOL_VERSION}.`
    throw new PermanentError('agent-protocol', message)
  }
  const { sessionId } = await agent.request(methods.agent.session.new, {
    cwd: WORKSPACE,
    mcpServers: [],
  })
  onSession(sessionId)
  const answer = await agent.request(methods.agent.session.prompt, {
    sessionId,
    prompt: [{ type: 'text', text: prompt }],
  })
  // A field that the protocol does not promise yet.
  progress.takeUsage('usage' in answer ? answer.usage : undefined)
  return answer.stopReason
}

/** @throws {PermanentError} The agent's process ended before it had answered. */
async function endedEarly({ ended }: SandboxedProcess): Promise<never> {
  const exitCode = await ended
  if (exitCode === undefined) {
    throw new PermanentError('sandbox-failed', 'The sandbox could not start the agent.')
  }
  const message = `The agent ended with exit code ${exitCode} before it had answered.`
  throw new PermanentError('agent-failed', message)
}

/** If the connection broke because the process ended, that is the better explanation. */
async function brokenOff(
  error: unknown,
  connection: ClientConnection,
  process: SandboxedProcess,
  signal: AbortSignal,
): Promise<never> {
  if (!connection.signal.aborted) throw error
  await Promise.race([endedEarly(process), pause(GRACE_MS, signal)])
  throw new PermanentError('agent-protocol', 'The agent broke off before it had answered.')
}

/** Messages never contain an agent's own words, because they may quote prompts. */
function failureOf(error: unknown): unknown {
  if (!(error instanceof RequestError)) return error
  const { code } = error
  if (code === AUTH_REQUIRED) {
    return new PermanentError(
      'agent-not-authenticated',
      'The agent asks for a login: its `env` has to hold a key.',
    )
  }
  const message = `The agent answered with the error ${code}.`
  return code === INVALID_PARAMS
    ? new PermanentError('agent-protocol', message)
    : new TransientError(message, { code: 'agent-error' })
}

async function outcomeOf(
  { request: { spec }, read }: AgentRun,
  stopReason: StopReason,
  progress: Progress,
): Promise<ExecutionOutcome> {
  const { text, reasoning } = progress.answer()
  const outcome = await read(text, spec, {
    usage: progress.usage(),
    unfinished: whyUnfinished(stopReason),
  })
  const output = reasoning === '' ? outcome.output : { ...outcome.output, reasoning }
  if (outcome.status === 'succeeded') return { ...outcome, output }
  const isSilent = outcome.reason.code === EMPTY.code && spec.outputSchema === undefined
  return isSilent ? { ...outcome, output, unlessEdited: true } : { ...outcome, output }
}

function whyUnfinished(stopReason: StopReason): Failure | undefined {
  switch (stopReason) {
    case 'end_turn':
      return undefined
    case 'max_tokens':
      return unfinished('length', undefined, 0)
    case 'max_turn_requests':
      return { code: 'step-limit', message: 'The agent had not finished after its limit of steps.' }
    case 'refusal':
      return unfinished('content-filter', undefined, 0)
    case 'cancelled':
      return { code: 'unfinished', message: 'The agent says that it was cancelled.' }
  }
}
