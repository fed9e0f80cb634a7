/** Locations inside the sandbox. */
const NODE = '/run/tutti/node'
const SOCKET = '/run/tutti/proxy.sock'
const PORT = 3128

/**
 * Wraps the program inside the sandbox: programs expect a proxy on a port, but the one outside is
 * on a socket. Leaves SIGTERM to the program, and ends with it, in the same way.
 */
const SCRIPT = `
const net = require('node:net')
const { spawn } = require('node:child_process')
const { constants } = require('node:os')
process.on('SIGTERM', () => {})
const server = net.createServer({ allowHalfOpen: true }, (inside) => {
  const outside = net.connect({ path: '${SOCKET}', allowHalfOpen: true })
  for (const [one, other] of [[inside, outside], [outside, inside]]) {
    one.pipe(other)
    one.on('error', () => other.destroy())
    one.on('close', () => other.destroy())
  }
})
server.listen(${PORT}, '127.0.0.1', () => {
  const [program, ...args] = process.argv.slice(1)
  const child = spawn(program, args, { stdio: 'inherit' })
  child.on('error', (error) => {
    console.error(error.message)
    process.exit(127)
  })
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
})
`

/** The same command, with the proxy on a port that its environment names. */
export function relayed(
  command: readonly string[],
  socketPath: string,
): { command: string[]; bound: Record<string, string>; env: Record<string, string> } {
  const proxy = `http://127.0.0.1:${PORT}`
  const local = 'localhost,127.0.0.1,::1'
  return {
    command: [NODE, '-e', SCRIPT, '--', ...command],
    bound: { [NODE]: process.execPath, [SOCKET]: socketPath },
    env: {
      HTTPS_PROXY: proxy,
      https_proxy: proxy,
      NO_PROXY: local,
      no_proxy: local,
      // Node's own fetch only uses these if told to.
      NODE_USE_ENV_PROXY: '1',
    },
  }
}
