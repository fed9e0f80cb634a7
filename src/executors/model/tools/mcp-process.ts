import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { JSONRPCMessage, MCPClientConfig } from '@ai-sdk/mcp'

type Transport = Exclude<MCPClientConfig['transport'], { type: 'http' | 'sse' }>

/** How long a server may take to exit before it is killed. */
const GRACE_MS = 500

/**
 * MCP over the standard streams of a process, one message per line. The process only gets the
 * environment that the operator configured, nothing from ours. It leads a process group, so that
 * its children end with it.
 */
export function mcpProcess(server: {
  command: string
  args?: string[]
  env?: Record<string, string>
}): Transport {
  let child: ChildProcessWithoutNullStreams | undefined
  let closed: Promise<void> = Promise.resolve()

  const transport: Transport = {
    supportsProtocolVersionDiscovery: true,
    start() {
      const started = spawn(server.command, server.args ?? [], {
        env: server.env ?? {},
        detached: true,
        shell: false,
        stdio: ['pipe', 'pipe', 'ignore'],
      }) as unknown as ChildProcessWithoutNullStreams
      child = started
      closed = new Promise<void>((resolve) => {
        started.once('error', () => resolve())
        started.once('close', () => resolve())
      }).then(() => transport.onclose?.())
      // An exited server is noticed by its exit; failing writes are not a further error.
      started.stdin.on('error', () => {})
      createInterface({ input: started.stdout }).on('line', (line) => {
        const message = parse(line)
        if (message === undefined) return
        try {
          transport.onmessage?.(message)
        } catch {
          // The client throws for late answers that nobody is waiting for.
        }
      })
      return new Promise((resolve, reject) => {
        started.once('spawn', () => resolve())
        started.once('error', reject)
      })
    },
    async send(message) {
      child?.stdin.write(`${JSON.stringify(message)}\n`)
    },
    async close() {
      const pid = child?.pid
      if (pid === undefined) return
      child?.stdin.end()
      killGroup(pid, 'SIGTERM')
      const timer = setTimeout(killGroup, GRACE_MS, pid, 'SIGKILL')
      await closed
      clearTimeout(timer)
      // Children that outlived the server.
      killGroup(pid, 'SIGKILL')
    },
  }
  return transport
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // Nobody is left in the group.
  }
}

/** Servers also write things other than messages. */
function parse(line: string): JSONRPCMessage | undefined {
  try {
    const message: unknown = JSON.parse(line)
    return typeof message === 'object' && message !== null && 'jsonrpc' in message
      ? (message as JSONRPCMessage)
      : undefined
  } catch {
    return undefined
  }
}
