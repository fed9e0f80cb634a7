import { existsSync, writeFileSync } from 'node:fs'
import { Readable, Writable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type AgentContext,
  agent,
  methods,
  ndJsonStream,
  PROTOCOL_VERSION,
  RequestError,
  type SessionUpdate,
} from '@agentclientprotocol/sdk'

// An agent that does what its prompt says, word for word: one instruction a line.

const sessionId = 'session-1'
/** What the client says it can do with files. */
let offered: unknown
const { fs, session, terminal } = methods.client

/** What a request came to: its result, or the reason for which it was refused. */
async function outcome(work: Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify((await work) ?? null)
  } catch (error) {
    const code = error instanceof RequestError ? error.code : ''
    return `refused: ${code} ${error instanceof Error ? error.message : ''}`
  }
}

async function follow(client: AgentContext, line: string): Promise<void> {
  const [word = '', ...rest] = line.split(' ')
  const [path = ''] = rest
  const text = rest.join(' ')
  const update = (given: SessionUpdate) =>
    client.notify(session.update, { sessionId, update: given })
  const say = (said: string) =>
    update({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: said } })
  switch (word) {
    case 'say':
      return say(text)
    case 'offered':
      return say(JSON.stringify(offered))
    case 'think':
      return update({ sessionUpdate: 'agent_thought_chunk', content: { type: 'text', text } })
    case 'call':
      await update({
        sessionUpdate: 'tool_call',
        toolCallId: path,
        title: 'Runs a tool',
        name: 'grep',
        rawInput: { pattern: 'x' },
      })
      return update({
        sessionUpdate: 'tool_call_update',
        toolCallId: path,
        status: 'completed',
        content: [{ type: 'content', content: { type: 'text', text: 'two matches' } }],
      })
    case 'tokens':
      return update({
        sessionUpdate: 'agent_message_chunk',
        content: { type: 'text', text: '' },
        _meta: { usage: { inputTokens: Number(path), outputTokens: 10, totalTokens: 0 } },
      })
    case 'cost':
      return update({
        sessionUpdate: 'usage_update',
        used: 1_000,
        size: 200_000,
        cost: { amount: Number(path), currency: 'USD' },
      })
    case 'read':
      return say(`${await outcome(client.request(fs.readTextFile, { sessionId, path }))}\n`)
    case 'write': {
      const content = rest.slice(1).join(' ')
      return say(
        `${await outcome(client.request(fs.writeTextFile, { sessionId, path, content }))}\n`,
      )
    }
    case 'ask': {
      const asked = client.request(session.requestPermission, {
        sessionId,
        toolCall: {
          toolCallId: 'call-1',
          kind: path as 'edit',
          ...(rest[1] === undefined ? {} : { locations: [{ path: rest[1] }] }),
        },
        options: [
          { optionId: 'yes', name: 'Yes', kind: 'allow_once' },
          { optionId: 'no', name: 'No', kind: 'reject_once' },
        ],
      })
      return say(`${await outcome(asked)}\n`)
    }
    case 'terminal': {
      const { terminalId } = await client.request(terminal.create, {
        sessionId,
        command: 'sh',
        args: ['-c', text],
      })
      const { exitCode } = await client.request(terminal.waitForExit, { sessionId, terminalId })
      const { output } = await client.request(terminal.output, { sessionId, terminalId })
      await client.request(terminal.release, { sessionId, terminalId })
      return say(`${JSON.stringify({ exitCode, output })}\n`)
    }
    case 'background':
      await client.request(terminal.create, { sessionId, command: 'sh', args: ['-c', text] })
      return
    case 'edit':
      writeFileSync(path, 'edited\n')
      return
    case 'see':
      return say(`${existsSync(path)}\n`)
    case 'login':
      throw RequestError.authRequired()
    case 'fail':
      throw RequestError.internalError(undefined, 'quotes the prompt')
    case 'exit':
      console.error(`Cannot find module with ${process.env.KEY}`)
      return process.exit(3)
    case 'hang':
      process.on('SIGTERM', () => {})
      writeFileSync('started', '')
      await pause(1_000_000)
      break
    default:
  }
}

agent({ name: 'an-agent' })
  .onRequest(methods.agent.initialize, ({ params }) => {
    offered = params.clientCapabilities?.fs
    return {
      protocolVersion: process.env.PROTOCOL === undefined ? PROTOCOL_VERSION : 99,
      agentCapabilities: {},
    }
  })
  .onRequest(methods.agent.session.new, () => ({ sessionId }))
  .onRequest(methods.agent.session.prompt, async ({ params, client }) => {
    const prompt = params.prompt.map((block) => (block.type === 'text' ? block.text : '')).join('')
    let stopReason: 'end_turn' | 'max_tokens' | 'refusal' = 'end_turn'
    for (const line of prompt.split('\n')) {
      if (line.startsWith('stop ')) stopReason = line.slice('stop '.length) as 'refusal'
      else await follow(client, line)
    }
    const [, tokens] = /^total (\d+)$/m.exec(prompt) ?? []
    const usage = { inputTokens: Number(tokens), outputTokens: 10, totalTokens: 0 }
    return { stopReason, ...(tokens === undefined ? {} : { usage }) }
  })
  .connect(
    ndJsonStream(
      Writable.toWeb(process.stdout) as WritableStream<Uint8Array>,
      Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>,
    ),
  )
