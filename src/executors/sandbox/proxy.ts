import { lookup } from 'node:dns/promises'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { connect, isIP, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import ipaddr from 'ipaddr.js'

const CONNECT_MS = 15_000
const TLS_PORT = 443

/** How names become connections; the system's network by default. */
export interface Outside {
  addressesOf(host: string): Promise<string[]>
  connect(address: string, port: number): Socket
}

const SYSTEM: Outside = {
  addressesOf: async (host) =>
    (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address),
  connect: (host, port) => connect({ host, port, timeout: CONNECT_MS }),
}

export interface HostProxy {
  /** A Unix socket. */
  socketPath: string
  /** Closes all open connections. Never rejects. */
  close(): Promise<void>
}

/**
 * An HTTP proxy that only supports CONNECT, to an allowlist of hosts. Names are resolved here, and
 * the connection goes to the address that was checked, so that a name cannot lead into the private
 * network.
 *
 * @param hosts As in `Confinement.network`.
 */
export async function openProxy(
  hosts: readonly string[],
  outside: Outside = SYSTEM,
): Promise<HostProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-executor-proxy-'))
  const socketPath = join(folder, 'proxy.sock')
  const open = new Set<Duplex>()
  const keep = (socket: Duplex) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  }
  const server = createServer((_, response) => {
    response.writeHead(405, { connection: 'close' })
    response.end('This proxy knows CONNECT alone.\n')
  })
  server.on('connection', keep)
  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    client.on('error', () => client.destroy())
    tunnel(hosts, outside, request.url ?? '').then(
      (remote) => {
        keep(remote)
        client.write('HTTP/1.1 200 Connection established\r\n\r\n')
        remote.write(head)
        remote.pipe(client).pipe(remote)
        client.once('close', () => remote.destroy())
        remote.once('close', () => client.destroy())
        remote.on('error', () => remote.destroy())
        if (client.destroyed) remote.destroy()
      },
      (error: unknown) => {
        const [status, reason] =
          error instanceof Refused
            ? ['403 Forbidden', error.message]
            : ['502 Bad Gateway', 'The host could not be reached.']
        client.end(`HTTP/1.1 ${status}\r\nconnection: close\r\n\r\n${reason}\n`)
      },
    )
  })
  server.listen(socketPath)
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve)
    server.once('error', reject)
  }).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true })
    throw error
  })
  return {
    socketPath,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of open) socket.destroy()
      await closed
      await rm(folder, { recursive: true, force: true }).catch(() => {})
    },
  }
}

class Refused extends Error {}

/** A connection to `host:port`, once it is established. */
async function tunnel(hosts: readonly string[], outside: Outside, target: string): Promise<Socket> {
  const [, host = '', port = ''] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(target.toLowerCase()) ?? []
  const name = host.replace(/\.$/, '')
  if (!hosts.some((allowed) => isMeant(allowed, name, Number(port)))) {
    throw new Refused('The host is not among those that this command may reach.')
  }
  const addresses = isIP(name) === 0 ? await outside.addressesOf(name) : [name]
  const [first] = addresses
  if (first === undefined || !addresses.every(isPublic)) {
    throw new Refused('The host has an address inside the private network.')
  }
  const socket = outside.connect(first, Number(port))
  return new Promise((resolve, reject) => {
    socket.once('connect', () => {
      socket.setTimeout(0)
      resolve(socket)
    })
    socket.once('timeout', () => socket.destroy(new Error('timeout')))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed')))
  })
}

function isMeant(allowed: string, host: string, port: number): boolean {
  const [name = '', wanted = TLS_PORT] = allowed.split(':')
  if (Number(wanted) !== port) return false
  return name.startsWith('*.') ? host.endsWith(name.slice(1)) : host === name
}

/** Excludes this machine, its network, and addresses of cloud metadata services. */
function isPublic(text: string): boolean {
  if (!ipaddr.isValid(text)) return false
  // `::ffff:127.0.0.1` is 127.0.0.1.
  const address = ipaddr.process(text)
  if (address.range() !== 'unicast') return false
  // `::127.0.0.1`, an obsolete IPv6 form (RFC 4291, 2.5.5.1).
  return !(address instanceof ipaddr.IPv6 && address.match(ipaddr.IPv6.parse('::'), 96))
}
